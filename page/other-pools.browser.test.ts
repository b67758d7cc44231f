// The sample page in a real browser, with pools that ask for something else than a mailed code.
import {
  AdminSetUserMFAPreferenceCommand,
  DescribeUserPoolCommand,
  SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { NEW_PASSWORD, type Person, type Stage, startStage, takePicture } from '../testing/browser.ts'
import { type HandlerBodies, writeTriggers } from '../testing/local-pool.ts'
import {
  button,
  countingMail,
  finishWithCode,
  focused,
  heading,
  lookAt,
  newPassword,
  notice,
  objections,
  openPageForEachTest,
  otherThan,
  page,
  stage,
  typeCode,
  typePassword,
} from '../testing/sample-page.ts'

openPageForEachTest()

describe('Cognito’s own factors', () => {
  test('a user with EMAIL_OTP signs in with that code instead', async () => {
    const { cognito, pool } = stage
    await cognito.send(
      new SetUserPoolMfaConfigCommand({
        UserPoolId: pool.userPoolId,
        MfaConfiguration: 'OPTIONAL',
        EmailMfaConfiguration: { Message: 'Your code is {####}.', Subject: 'Your code' },
      }),
    )
    const person = await stage.knownUser()
    await cognito.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.userPoolId,
        Username: person.username,
        EmailMfaSettings: { Enabled: true, PreferredMfa: true },
      }),
    )
    await typePassword(person)
    await button('Sign in').click()
    await heading('Check your mail')
    await typeCode(otherThan(await stage.code(person.username)))
    await button('Continue').click()
    await notice('That code is not correct.')
    await button('Send new code').click()
    await notice('The sign-in was restarted.')
    // The newer of two mails, and what happened says that they were sent.
    await page.locator('#mails li:nth-child(2) .subject').getByText('Your code').waitFor()
    await page.locator('#mails li:first-child', { hasText: 'Valid now' }).waitFor()
    expect(await countingMail().count()).toBe(1)
    expect(await page.locator('#calls').getByText('Mail with the code').count()).toBe(2)
    await finishWithCode(person)
  })
})

describe('an authenticator app', () => {
  test('is asked for by its name, and no mail is offered', async () => {
    await page.route(`${stage.pool.endpoint}/`, (route, request) =>
      request.headers()['x-amz-target']?.endsWith('.RespondToAuthChallenge')
        ? route.fulfill({ json: { ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 's'.repeat(20) } })
        : route.continue(),
    )
    await typePassword(await stage.knownUser())
    await button('Sign in').click()
    await heading('Open your authenticator app')
    expect(await focused()).toBe('code')
    expect(await button('Send new code').isVisible()).toBe(false)
    expect(await objections(page)).toEqual([])
  })
})

describe('attributes that the pool requires', () => {
  let pool: Stage

  beforeAll(async () => {
    const { UserPool } = await stage.cognito.send(
      new DescribeUserPoolCommand({ UserPoolId: stage.pool.userPoolId }),
    )
    const standard = UserPool?.SchemaAttributes?.map(attribute =>
      ['given_name', 'birthdate', 'phone_number'].includes(attribute.Name ?? '')
        ? { ...attribute, Required: true }
        : attribute,
    )
    // Cognito requires no custom attributes yet; the page knows no more of one than its name.
    const custom = { Name: 'custom:team', AttributeDataType: 'String', Mutable: true, Required: true }
    const description = {
      ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      WriteAttributes: ['email', 'given_name', 'birthdate', 'phone_number', 'custom:team'],
    }
    pool = await startStage({
      userPool: { SchemaAttributes: [...(standard ?? []), custom] },
      clients: [{ description }],
    })
  }, 60_000)

  afterAll(() => pool.close())

  test('are asked for with the new password, none is sent empty, and the sign-in goes on', async () => {
    const person = await pool.newUser()
    lookAt(await pool.open())
    await typePassword(person)
    await button('Sign in').click()
    await heading('Choose a new password')
    await newPassword().fill(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await notice('Fill in every field.')
    const name = page.getByLabel('Given name')
    expect(await name.evaluate(field => field === document.activeElement)).toBe(true)
    expect(await name.getAttribute('aria-invalid')).toBe('true')
    expect(await name.getAttribute('autocomplete')).toBe('given-name')
    expect(await objections(page)).toEqual([])
    await page.keyboard.insertText('Ada')
    expect(await name.getAttribute('aria-invalid')).toBe(null)
    await page.getByLabel('Date of birth').fill('1815-12-10')
    const labels = () => page.locator('#attributes label').allTextContents()
    expect(await labels()).toEqual(['Given name', 'Date of birth', 'Phone number', 'custom:team'])
    const phone = page.getByRole('textbox', {
      name: 'Phone number',
      exact: true,
      description: /For example \+12025550123/,
    })
    expect(await phone.count()).toBe(1)
    await button('中文').click()
    expect(await labels()).toEqual(['名', '出生日期', '电话号码', 'custom:team'])
    await button('English').click()
    expect(await name.inputValue()).toBe('Ada')
    await page.getByLabel('Phone number').fill('+12025550123')
    await page.getByLabel('custom:team').fill('Analysts')
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    await typeCode(await pool.code(person.username))
    await page.keyboard.press('Enter')
    await page.locator('#claims').getByText('1815-12-10').waitFor()
    await pool.tidy()
    lookAt(await stage.open())
  })
})

describe('other triggers', () => {
  let other: Stage | undefined
  let remove: (() => Promise<void>) | undefined

  async function openWith(bodies: HandlerBodies): Promise<Person> {
    const triggers = await writeTriggers(bodies)
    remove = triggers.remove
    other = await startStage({ directory: triggers.directory })
    lookAt(await other.open())
    const person = await other.knownUser()
    await typePassword(person)
    await button('Sign in').click()
    return person
  }

  afterEach(async () => {
    await other?.close()
    await remove?.()
    lookAt(await stage.open())
  })

  test('a limited user is told when a code can be sent again, and is asked for none before', async () => {
    await openWith({
      'create-auth-challenge': `
        event.response.publicChallengeParameters = {
          challenge: 'EMAIL_CODE', reason: 'limited', resendIn: '3700', attemptsLeft: '3', sendsLeft: '3',
        }
        event.response.privateChallengeParameters = {}
        event.response.challengeMetadata = 'LIMITED'`,
    })
    await notice('Too many codes were requested for this user. No mail was sent.')
    await heading('No code was sent')
    expect(await page.locator('#code').isVisible()).toBe(false)
    expect(await button('Continue').isVisible()).toBe(false)
    expect(await button('Send new code').getAttribute('aria-disabled')).toBe('true')
    expect(await page.locator('#resend-wait').textContent()).toMatch(/^1:01:\d\d$/)
    expect(await focused()).toBe('sign-in-heading')
    await page.getByText(/^A new code can be sent after .*\d:\d\d.*\.$/).waitFor()
    expect(await objections(page)).toEqual([])
    await takePicture(page, 'limited')
    await page.clock.setFixedTime(Date.now() + 3_701_000)
    await page.getByText('A new code can be sent now.').waitFor()
    expect(await button('Send new code').getAttribute('aria-disabled')).toBe('false')
    await button('Start over').click()
    await heading('Sign in')
  })

  test('their own challenge is shown with its parameters, and answered as it is typed', async () => {
    await openWith({})
    await heading('One more step')
    await page.getByText('Parameters of the challenge: question = What is right?').waitFor()
    expect(await page.getByLabel('Answer', { exact: true }).getAttribute('inputmode')).toBe('text')
    expect(await objections(page)).toEqual([])
    await takePicture(page, 'custom')
    await page.keyboard.press('Enter')
    await notice('Enter an answer.')
    await page.keyboard.insertText('wrong')
    await page.keyboard.press('Enter')
    await notice('The triggers of this pool ask again.')
    await page.getByLabel('Answer', { exact: true }).fill('right')
    await page.keyboard.press('Enter')
    await heading('You are signed in')
  })
})

// The sample page in a real browser: every way to sign in, everything that can go wrong, keyboard and screen readers.
import { createRequire } from 'node:module'
import {
  AdminSetUserMFAPreferenceCommand,
  DescribeUserPoolCommand,
  SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { NEW_PASSWORD, type Person, type Stage, startStage } from '../testing/browser.ts'
import { type HandlerBodies, writeTriggers } from '../testing/local-pool.ts'

const SPENT_SESSION = /Invalid session|only be used once/

let stage: Stage
let page: Page

beforeAll(async () => {
  stage = await startStage({ environment: { RESEND_AFTER_SECONDS: '0', CODE_TTL_SECONDS: '60' } })
}, 60_000)

beforeEach(async () => {
  await stage.pool.faults.apply({ reset: true })
  stage.errors()
  page = await stage.open()
})

afterEach(async () => {
  expect(await page.textContent('.sign-in')).not.toMatch(SPENT_SESSION)
  await stage.tidy()
})

afterAll(() => stage.close())

const newPassword = () => page.locator('input').and(page.getByLabel('New password', { exact: true }))
const heading = (text: string) => page.getByRole('heading', { name: text, exact: true }).waitFor()
const button = (name: string | RegExp) => page.getByRole('button', { name })
const notice = (text: string) => page.getByRole('alert').getByText(text).waitFor()
const countingMail = () => page.locator('#mails li', { hasText: 'Valid now' })
const focused = () => page.evaluate(() => document.activeElement?.id ?? '')

async function typePassword({ username, password }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

async function reachNewPassword(): Promise<Person> {
  const person = await stage.newUser()
  await typePassword(person)
  await button('Sign in').click()
  await heading('Choose a new password')
  return person
}

async function reachCode(): Promise<Person> {
  const person = await stage.knownUser()
  await typePassword(person)
  await button('Sign in').click()
  await heading('Check your mail')
  return person
}

async function typeCode(code: string): Promise<void> {
  await page.getByLabel('Code').fill(code)
}

async function finish({ username }: Person): Promise<void> {
  await typeCode(await stage.code(username))
  await button('Continue').click()
  await heading('You are signed in')
}

function otherThan(code: string, step = 1): string {
  return String((Number(code) + step) % 1_000_000).padStart(6, '0')
}

describe('a first-time visitor', () => {
  test.each(['define', 'define-with-entry', 'define-first', 'tokens'] as const)(
    'signs in for the first time with nothing but the page, when Cognito answers the new password with "%s"',
    async behaviour => {
      stage.pool.faults.afterNewPassword = behaviour
      const person = await reachNewPassword()
      await newPassword().fill(NEW_PASSWORD)
      await button('Save and continue').click()
      await heading('Check your mail')
      await countingMail().getByRole('button').click()
      expect(await page.getByLabel('Code').inputValue()).toBe(await stage.code(person.username))
      await page.keyboard.press('Enter')
      await heading('You are signed in')
      await page.locator('#claims').getByText(person.username).waitFor()
    },
  )

  test('picks a user from the page', async () => {
    const known = page.getByRole('button', { name: /known@example\.com/ })
    await known.click()
    expect(await page.getByLabel('E-mail address').inputValue()).toBe('known@example.com')
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    await finish({ username: 'known@example.com', password: '' })
    await button('Sign out').click()
    await heading('Sign in')
  })

  test('sees what happened as it happens', async () => {
    const person = await reachCode()
    await finish(person)
    const diagram = page.locator('#calls')
    await diagram.getByText('Here are the tokens').waitFor()
    const text = await diagram.textContent()
    for (const words of [
      'Prove the password',
      'Create a code — sent',
      'Mail with the code',
      'Issue the tokens?',
    ]) {
      expect(text).toContain(words)
    }
    await diagram.getByText('Create a code — sent').click()
    expect(await diagram.locator('details[open] pre').textContent()).toContain('"challenge": "EMAIL_CODE"')
    expect(await diagram.innerHTML()).not.toContain(person.password)
  })

  test('is told which of several mails counts', async () => {
    const { username } = await reachCode()
    await button('Send new code').click()
    await notice('A new code was sent.')
    const counting = countingMail()
    await counting.waitFor()
    expect(await counting.count()).toBe(1)
    await counting.getByRole('button', { name: 'Fill in this code' }).click()
    expect(await page.getByLabel('Code').inputValue()).toBe(await stage.code(username))
  })
})

describe('double clicks', () => {
  test('on every button of a first sign-in do no harm', async () => {
    const person = await stage.newUser()
    await typePassword(person)
    await button('Sign in').dblclick()
    await heading('Choose a new password')
    await newPassword().fill(NEW_PASSWORD)
    await button('Save and continue').dblclick()
    await heading('Check your mail')
    expect(await stage.mails(person.username)).toBe(1)
    await button('Send new code').dblclick()
    await notice('A new code was sent.')
    await typeCode(otherThan(await stage.code(person.username)))
    await button('Continue').dblclick()
    await notice('That code is not correct.')
    await page.getByText('2 attempts left.').waitFor()
    await typeCode(await stage.code(person.username))
    await button('Continue').dblclick()
    await heading('You are signed in')
    await button('Sign out').dblclick()
    await heading('Sign in')
    expect(stage.errors()).toEqual([])
  })

  test('on "Start over" and on a user do no harm', async () => {
    await reachCode()
    await button('Start over').dblclick()
    await heading('Sign in')
    await button(/known@example\.com/).dblclick()
    await heading('Sign in')
    expect(stage.errors()).toEqual([])
  })

  test('Enter and a click at once are one answer', async () => {
    const { username } = await reachCode()
    await typeCode(await stage.code(username))
    await page.locator('#code-form').evaluate(form => {
      if (form instanceof HTMLFormElement) form.requestSubmit()
      form.querySelector('button')?.click()
    })
    await heading('You are signed in')
    expect(stage.errors()).toEqual([])
  })
})

describe('a reload', () => {
  test('before the sign-in leaves an empty form', async () => {
    await typePassword(await stage.knownUser())
    await page.reload()
    await heading('Sign in')
    expect(await page.getByLabel('E-mail address').inputValue()).toBe('')
  })

  test.each(['define', 'tokens'] as const)(
    'in the new password step goes on there ("%s")',
    async behaviour => {
      stage.pool.faults.afterNewPassword = behaviour
      const person = await reachNewPassword()
      await page.reload()
      await heading('Choose a new password')
      await newPassword().fill(NEW_PASSWORD)
      await button('Save and continue').click()
      await heading('Check your mail')
      await finish(person)
      expect(stage.errors().join()).not.toMatch(SPENT_SESSION)
    },
  )

  test('in the code step goes on there, with the same facts', async () => {
    const person = await reachCode()
    await typeCode(otherThan(await stage.code(person.username)))
    await button('Continue').click()
    await notice('That code is not correct.')
    const lead = await page.locator('#lead').textContent()
    await page.reload()
    await page.getByText('2 attempts left.').waitFor()
    expect(await page.locator('#lead').textContent()).toBe(lead)
    await finish(person)
    expect(stage.errors()).toEqual([])
  })

  test('after the sign-in finds the user signed in', async () => {
    const person = await reachCode()
    await finish(person)
    await page.reload()
    await heading('You are signed in')
    await page.getByText(`Welcome, ${person.username}.`).waitFor()
  })

  test('while an answer is under way ends in a sentence that is true, and in a sign-in that works', async () => {
    const person = await reachCode()
    const code = await stage.code(person.username)
    stage.pool.faults.delayTrigger('verify-auth-challenge-response', 1500)
    await typeCode(code)
    await button('Continue').click()
    await page.getByText('One moment').waitFor()
    await page.reload()
    await heading('Check your mail')
    await typeCode(code)
    await button('Continue').click()
    await notice('This sign-in has expired.')
    await typePassword(person)
    await button('Sign in').click()
    await heading('Check your mail')
    await finish(person)
  })
})

describe('two tabs', () => {
  test('one finishes the sign-in, the other stops asking for the code; both are signed out together', async () => {
    const person = await reachCode()
    const other = await page.context().newPage()
    const kept = await page.evaluate(() => JSON.stringify(sessionStorage))
    await other.addInitScript((text: string) => {
      for (const [key, value] of Object.entries<string>(JSON.parse(text))) sessionStorage.setItem(key, value)
    }, kept)
    await other.goto(stage.pool.endpoint)
    const code = await stage.code(person.username)
    await other.getByLabel('Code').fill(code)
    await other.keyboard.press('Enter')
    await other.getByRole('heading', { name: 'You are signed in' }).waitFor()
    await heading('You are signed in')
    await other.getByRole('button', { name: 'Sign out' }).click()
    await heading('Sign in')
  })

  test('one signs a user in, and the other, where nobody was, says who it is', async () => {
    const first = page
    page = await first.context().newPage()
    await page.goto(stage.pool.endpoint)
    const person = await reachCode()
    await finish(person)
    await first.getByText(`Welcome, ${person.username}.`).waitFor()
    await first.locator('#claims').getByText(person.username).waitFor()
    expect(await objections(first)).toEqual([])
  })
})

describe('codes', () => {
  test('a wrong one is said to be wrong, in words, and the field is ready for the next', async () => {
    const person = await reachCode()
    await typeCode(otherThan(await stage.code(person.username)))
    await button('Continue').click()
    await notice('That code is not correct.')
    await page.getByText('2 attempts left.').waitFor()
    expect(await focused()).toBe('code')
    await page.keyboard.insertText(` ${(await stage.code(person.username)).replace(/(...)/, '$1 ')} `)
    await page.keyboard.press('Enter')
    await heading('You are signed in')
  })

  test('too many wrong ones end the sign-in', async () => {
    const person = await reachCode()
    const code = await stage.code(person.username)
    for (const words of ['2 attempts left.', '1 attempt left.', 'no attempts are left']) {
      await typeCode(otherThan(code, words.length))
      await button('Continue').click()
      await page.getByText(words).waitFor()
    }
    await heading('Please sign in again')
    expect(await focused()).toBe('password')
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(person.username)
  })

  test('an expired one is replaced by a new one', async () => {
    const person = await reachCode()
    const code = await stage.code(person.username)
    stage.pool.advanceClock(61)
    await typeCode(code)
    await button('Continue').click()
    await notice('That code had expired. A new one was sent.')
    await finish(person)
  })

  test('the time left counts down, and its end is announced', async () => {
    await page.clock.install({ time: Date.now() })
    await page.reload()
    await reachCode()
    const expiry = page.getByRole('timer')
    await expect(expiry.textContent()).resolves.toMatch(/^Valid for \d:\d\d\.$/)
    await page.clock.runFor(1000)
    await countingMail().waitFor()
    await page.clock.fastForward(60 * 60 * 1000)
    await page.clock.runFor(2000)
    expect(await expiry.textContent()).toBe('This code has expired.')
    expect(await page.locator('#announcement').textContent()).toBe('This code has expired.')
    await countingMail().waitFor({ state: 'detached' })
    expect(await objections(page)).toEqual([])
  })

  test('resends end with the mails of the sign-in, and the last code still works', async () => {
    const person = await reachCode()
    await button('Send new code').click()
    await notice('A new code was sent.')
    await button('Send new code').click()
    await page.locator('#no-sends').getByText('No more codes can be sent in this sign-in.').waitFor()
    expect(await button('Send new code').getAttribute('aria-disabled')).toBe('true')
    await button('Send new code').click({ force: true })
    expect(await stage.mails(person.username)).toBe(3)
    await finish(person)
  })

  test('one that is too short costs no attempt', async () => {
    await reachCode()
    await typeCode('123')
    await button('Continue').click()
    await notice('The code has 6 digits.')
    await page.getByText('3 attempts left.').waitFor()
  })
})

describe('passwords', () => {
  test('a wrong one says no more than that the pair is wrong', async () => {
    const { username } = await stage.knownUser()
    await typePassword({ username, password: 'Wrong-password-1' })
    await button('Sign in').click()
    await notice('The e-mail address or the password is not correct.')
    await heading('Sign in')
    expect(await focused()).toBe('password')
    const field = page.getByLabel('Password', { exact: true })
    expect(await field.inputValue()).toBe('')
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await page.keyboard.insertText('another')
    expect(await field.getAttribute('aria-invalid')).toBe(null)
    await button(/known@example\.com/).click()
    expect(await page.getByLabel('E-mail address').getAttribute('aria-invalid')).toBe(null)
  })

  test('what went wrong is in sight, however far below the button was', async () => {
    await page.setViewportSize({ width: 1280, height: 400 })
    await typePassword({ username: 'known@example.com', password: 'Wrong-password-1' })
    await button('Sign in').click()
    await notice('The e-mail address or the password is not correct.')
    const box = await page.getByRole('alert').boundingBox()
    expect(box?.y).toBeGreaterThanOrEqual(0)
  })

  test('a weak new one can be replaced at once', async () => {
    const person = await reachNewPassword()
    await newPassword().fill('weak')
    await button('Save and continue').click()
    await notice('This password is too short. Choose another one.')
    expect(await focused()).toBe('new-password')
    await newPassword().fill('without-upper-case-1')
    await button('Save and continue').click()
    await notice('This password has no uppercase letter. Choose another one.')
    expect(await newPassword().getAttribute('aria-invalid')).toBe('true')
    expect(await focused()).toBe('new-password')
    await page.keyboard.insertText(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    await finish(person)
  })

  test('an empty form is not sent, and the focus goes to the field that is missing', async () => {
    await button('Sign in').click()
    await notice('Enter both')
    expect(await focused()).toBe('username')
    await page.keyboard.insertText('known@example.com')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.id === 'password')
    expect(stage.errors()).toEqual([])
  })

  test('an empty new one is not sent, and the step goes on', async () => {
    const person = await reachNewPassword()
    const requests = () => stage.pool.calls.filter(({ kind }) => kind === 'request').length
    const before = requests()
    await button('Save and continue').click()
    await notice('Enter a new password.')
    expect(await focused()).toBe('new-password')
    expect(requests()).toBe(before)
    await page.keyboard.insertText(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    await finish(person)
  })

  test('a new one that was saved while the mail failed is said to be the one to sign in with', async () => {
    const { username } = await reachNewPassword()
    await stage.pool.faults.apply({ refuseMail: true })
    await newPassword().fill(NEW_PASSWORD)
    await button('Save and continue').click()
    await notice('The mail with the code could not be sent.')
    await notice('Your new password is saved. Sign in with it.')
    expect(await focused()).toBe('password')
    await stage.pool.faults.apply({ refuseMail: false })
    await page.keyboard.insertText(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    await finish({ username, password: NEW_PASSWORD })
  })

  test('an address with blanks around it is the same address', async () => {
    const person = await stage.knownUser()
    await typePassword({ ...person, username: `  ${person.username} ` })
    await button('Sign in').click()
    await heading('Check your mail')
    await finish(person)
  })
})

describe('the way to Cognito', () => {
  test('a slow trigger: the page says so, another click changes nothing, and the right mail is marked', async () => {
    stage.pool.faults.delayTrigger('create-auth-challenge', 5600)
    const person = await stage.knownUser()
    await typePassword(person)
    await button('Sign in').click()
    await page.getByText('Still working.').waitFor()
    await button('Sign in').click({ force: true })
    await heading('Check your mail')
    expect(await stage.mails(person.username)).toBe(2)
    await countingMail().waitFor()
    await countingMail().getByRole('button').click()
    await page.keyboard.press('Enter')
    await heading('You are signed in')
    expect(stage.errors()).toEqual([])
  }, 40_000)

  test('lost answers at every step are recovered', async () => {
    const { faults } = stage.pool
    const person = await stage.newUser()
    faults.dropNextAnswer('InitiateAuth')
    await typePassword(person)
    await button('Sign in').click()
    await heading('Choose a new password')
    faults.dropNextAnswer('RespondToAuthChallenge')
    await newPassword().fill(NEW_PASSWORD)
    await button('Save and continue').click()
    await notice('The sign-in was restarted. A new code was sent; only that one is valid.')
    faults.dropNextAnswer('RespondToAuthChallenge')
    await button('Send new code').click()
    await page.getByText('One moment').waitFor({ state: 'hidden' })
    const mails = await stage.mails(person.username)
    faults.dropNextAnswer('RespondToAuthChallenge')
    await typeCode(await stage.code(person.username))
    await button('Continue').click()
    await page.getByText('One moment').waitFor({ state: 'hidden' })
    expect(await stage.mails(person.username)).toBe(mails + 1)
    await finish(person)
  })

  test('no network is said to be so, and the next try goes through', async () => {
    const person = await reachCode()
    await page.context().setOffline(true)
    await typeCode(await stage.code(person.username))
    await button('Continue').click()
    await notice('No answer from the user pool. Try again.')
    await page.context().setOffline(false)
    await button('Continue').click()
    await heading('You are signed in')
  })

  test('a page that opened without a network finds the signed-in user when the network is back', async () => {
    const person = await reachCode()
    await finish(person)
    // Tokens that have expired, so that only the pool can tell who is signed in.
    await page.clock.install({ time: Date.now() + 2 * 60 * 60 * 1000 })
    await page.route(`${stage.pool.endpoint}/`, (route, request) =>
      request.method() === 'POST' ? route.abort() : route.continue(),
    )
    await page.reload()
    await page.clock.runFor(10_000)
    await notice('The user pool could not be reached. Try again.')
    await page.unrouteAll()
    await page.context().setOffline(true)
    await page.context().setOffline(false)
    await heading('You are signed in')
    await page.getByText(`Welcome, ${person.username}.`).waitFor()
  })

  test('a mail that cannot be sent is said to be so', async () => {
    stage.pool.faults.killTrigger('create-auth-challenge')
    await typePassword(await stage.knownUser())
    await button('Sign in').click()
    await notice('The mail with the code could not be sent. Try again later.')
  })
})

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
    await finish(person)
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
    page = await pool.open()
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
    page = await stage.open()
  })
})

describe('the problem', () => {
  test('is shown with the text of Cognito on one side, and a user who is signed in on the other', async () => {
    await button('Run it').click()
    const verdict = (way: string) => page.locator(`#way-${way} .verdict`)
    await page.locator('#way-driver .verdict[data-tone=good]').waitFor()
    expect(await verdict('amplify').textContent()).toBe(
      'Invalid session for the user, session can only be used once.',
    )
    expect(await verdict('driver').textContent()).toBe('Signed in')
    const clicks = (way: string) => page.locator(`#way-${way} dd`).allTextContents()
    expect([...(await clicks('amplify'))].sort()).toEqual(['Error', 'Signed in'])
    expect(await clicks('driver')).toEqual(['Signed in', 'Signed in'])
    expect(stage.errors()).toEqual(['Invalid session for the user, session can only be used once.'])
    await page.locator('#calls .bad .words').getByText('Invalid session for the user').waitFor()
  })

  test('leaves the sign-in of the person alone', async () => {
    const person = await reachCode()
    await button('Run it').click()
    await page.locator('#way-driver .verdict[data-tone=good]').waitFor()
    await heading('Check your mail')
    await finish(person)
  })

  test('says what came instead when the mail cannot be sent', async () => {
    await stage.pool.faults.apply({ refuseMail: true })
    await button('Run it').click()
    await page.locator('#way-driver .verdict[data-tone=bad]').waitFor()
    expect(await page.locator('#way-driver .verdict').textContent()).toBe(
      'The mail with the code could not be sent. Try again later.',
    )
    expect(await page.locator('#way-amplify .verdict').textContent()).toContain('CreateAuthChallenge')
    // What the two clicks come to is not explained where none was made.
    expect(await page.locator('.way .hint').first().isVisible()).toBe(false)
  })
})

describe('simulated faults', () => {
  beforeEach(async () => {
    await page.locator('#faults summary').click()
  })

  const fault = (name: string) => page.getByRole('checkbox', { name })
  const isOff = (name: string) => page.getByRole('checkbox', { name, checked: false }).waitFor()

  async function signInAs(person: Person): Promise<void> {
    await typePassword(person)
    await button('Sign in').click()
  }

  test('a lost answer restarts the sign-in, and the switch is off after it', async () => {
    await fault('Lose the next answer').check()
    await page.locator('#faults').getByText('1 on').waitFor()
    const person = await stage.knownUser()
    await signInAs(person)
    await notice('The sign-in was restarted.')
    await page.locator('#calls .bad').getByText('Enter the code — lost on the way').waitFor()
    await isOff('Lose the next answer')
    await finish(person)
  })

  test('a slow trigger sends two mails, and the valid one is marked', async () => {
    await fault('Slow trigger').check()
    await page.locator('#faults').getByText('1 on').waitFor()
    const person = await stage.knownUser()
    await signInAs(person)
    await heading('Check your mail')
    expect(await stage.mails(person.username)).toBe(2)
    await page.locator('#calls .bad').getByText('Create a code — no answer within 5 s').waitFor()
    // The answer comes after 6 seconds: the code of its mail is not the one that Cognito knows.
    await page.locator('#calls .bad').getByText('Mail with the code — too late, not valid').waitFor()
    const words = (await page.locator('#calls .words').allTextContents()).map(text => text.split(' — ')[0])
    expect(words.slice(-5)).toEqual([
      'Create a code',
      'Mail with the code',
      'Create a code',
      'Mail with the code',
      'Enter the code',
    ])
    await isOff('Slow trigger')
    await countingMail().getByRole('button').click()
    await page.keyboard.press('Enter')
    await heading('You are signed in')
  }, 40_000)

  test('refused mail ends in a sentence that says so, and the password need not be typed again', async () => {
    await fault('Refuse mail').check()
    await page.locator('#faults').getByText('1 on').waitFor()
    const person = await stage.knownUser()
    await signInAs(person)
    await notice('The mail with the code could not be sent. Try again later.')
    await fault('Refuse mail').uncheck()
    await page.locator('#faults-on:empty').waitFor({ state: 'attached' })
    await page.getByLabel('Password', { exact: true }).press('Enter')
    await heading('Check your mail')
    await finish(person)
  })

  test('expired sessions restart the sign-in with a new code', async () => {
    const person = await reachCode()
    await button('Expire sessions').click()
    await page.getByText('Every open session has expired.').waitFor()
    await typeCode(await stage.code(person.username))
    await button('Continue').click()
    await notice('The sign-in was restarted.')
    await finish(person)
  })

  test('a wrong clock shows the time that is really left, and the code works', async () => {
    await fault('Wrong clock').check()
    await page.locator('#faults').getByText('1 on').waitFor()
    const seen = await page.evaluateHandle(() => {
      const texts: string[] = []
      const card = document.querySelector('.sign-in')
      if (card) {
        const look = () => texts.push(card.textContent)
        new MutationObserver(look).observe(card, { childList: true, characterData: true, subtree: true })
      }
      return texts
    })
    const person = await stage.knownUser()
    await signInAs(person)
    await heading('Check your mail')
    await page
      .getByRole('timer')
      .getByText(/^Valid for (1:00|0:5\d)\.$/)
      .waitFor()
    await countingMail().waitFor()
    await finish(person)
    expect(await seen.evaluate(texts => texts.join())).not.toContain('This code has expired.')
  })

  test.each(['define-with-entry', 'define-first', 'tokens'])(
    'a first sign-in reaches the code whatever comes after the new password (%s)',
    async behaviour => {
      await page.getByLabel('What comes after a new password').selectOption(behaviour)
      await page.waitForResponse(/\/local-user-pool\/faults/)
      await reachNewPassword()
      expect(stage.pool.faults.afterNewPassword).toBe(behaviour)
      await newPassword().fill(NEW_PASSWORD)
      await button('Save and continue').click()
      await heading('Check your mail')
    },
  )

  test('one switch that waits can be turned off alone, and everything at once', async () => {
    await fault('Refuse mail').check()
    await page.locator('#faults').getByText('1 on').waitFor()
    await fault('Lose the next answer').check()
    await page.locator('#faults').getByText('2 on').waitFor()
    await fault('Lose the next answer').uncheck()
    await page.locator('#faults').getByText('1 on').waitFor()
    expect(await fault('Refuse mail').isChecked()).toBe(true)
    await button('Turn everything off').click()
    await isOff('Refuse mail')
  })

  test('a change that the pool refuses is not shown as made', async () => {
    await page.route('**/local-user-pool/faults', (route, request) =>
      request.method() === 'POST' ? route.fulfill({ status: 400, json: {} }) : route.continue(),
    )
    await fault('Refuse mail').click()
    await page.getByText('The pool did not accept this change.').waitFor()
    await isOff('Refuse mail')
  })
})

describe('a sign-in that takes its time', () => {
  test('can be cancelled, and what was typed is still there', async () => {
    const person = await stage.knownUser()
    expect(await button('Cancel').isVisible()).toBe(false)
    stage.pool.faults.delayTrigger('create-auth-challenge', 3000)
    await typePassword(person)
    await button('Sign in').click()
    await button('Cancel').click()
    expect(await focused()).toBe('username')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(person.password)
    expect(await button('Cancel').isVisible()).toBe(false)
    await button('Sign in').click()
    await heading('Check your mail')
    await finish(person)
  })

  test('can be started over while a code is on its way', async () => {
    const person = await reachCode()
    stage.pool.faults.delayTrigger('verify-auth-challenge-response', 3000)
    await typeCode(otherThan(await stage.code(person.username)))
    await button('Continue').click()
    await page.getByText('One moment').waitFor()
    await button('Start over').click()
    await heading('Sign in')
  })

  test('keeps the typed password when there is no network', async () => {
    const person = await stage.knownUser()
    await typePassword(person)
    await page.context().setOffline(true)
    await button('Sign in').click()
    await notice('The user pool could not be reached. Try again.')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(person.password)
    await page.context().setOffline(false)
    await button('Sign in').click()
    await heading('Check your mail')
  })
})

describe('what the page shows', () => {
  test('a new first-time user comes with one click and signs in', async () => {
    await button('New first-time user').click()
    await page.waitForFunction(() => document.activeElement?.textContent === 'Sign in')
    await page.keyboard.press('Enter')
    await heading('Choose a new password')
  })

  test('only the steps that this person meets are listed', async () => {
    const steps = () => page.locator('#steps li:visible').allTextContents()
    expect(await steps()).toEqual(['Password', 'Code'])
    await reachNewPassword()
    expect(await steps()).toEqual(['Password', 'New password', 'Code'])
    await button('Start over').click()
    await heading('Sign in')
    expect(await steps()).toEqual(['Password', 'Code'])
  })

  test('on a phone a new mail is announced at the lower edge, and leads to the mailbox', async () => {
    await stage.tidy()
    page = await stage.open({ viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true })
    const person = await reachCode()
    const bar = page.getByRole('link', { name: '1 new mail' })
    await bar.tap()
    await bar.waitFor({ state: 'hidden' })
    await countingMail().getByRole('button', { name: 'Fill in this code' }).tap()
    expect(await page.getByLabel('Code').inputValue()).toBe(await stage.code(person.username))
  })

  test('mails that are known are not fetched again', async () => {
    await reachCode()
    await countingMail().waitFor()
    const request = await page.waitForRequest(/\/local-user-pool\/messages/)
    const since = Number(new URL(request.url()).searchParams.get('since'))
    expect(since).toBe((await stage.pool.messages()).at(-1)?.at)
  })

  test('of many requests only the newest are drawn, and each once', async () => {
    await reachCode()
    await page.locator('#calls > li').first().waitFor()
    await page.evaluate(async () => {
      for (let requests = 0; requests < 60; requests++) {
        const headers = { 'x-amz-target': 'AWSCognitoIdentityProviderService.GetUser' }
        await fetch('/', { method: 'POST', headers, body: '{}' })
      }
    })
    await page.getByText('Only the newest 40 requests are shown.').waitFor()
    await page.waitForRequest(/\/local-user-pool\/calls/)
    await page.waitForRequest(/\/local-user-pool\/calls/)
    expect(await page.locator('#calls > li').count()).toBe(40)
    const last = await page.locator('#calls > li').last().elementHandle()
    await page.waitForRequest(/\/local-user-pool\/calls/)
    await page.waitForRequest(/\/local-user-pool\/calls/)
    expect(await last?.evaluate(element => element.isConnected)).toBe(true)
  })

  test('Chinese sentences follow each other without a blank', async () => {
    const person = await reachCode()
    await button('中文').click()
    await page.locator('#code').fill(otherThan(await stage.code(person.username)))
    await page.keyboard.press('Enter')
    await page.locator('#notice:not(:empty)').waitFor()
    expect(await page.locator('body').innerText()).not.toMatch(/[。，：！？；][ \u00a0]/)
    expect(await page.locator('#code-facts').textContent()).toMatch(/^还可以尝试 2 次。\d:\d\d 内有效。$/)
  })
})

describe('a code that cannot be sent again yet', () => {
  let slow: Stage

  beforeAll(async () => {
    slow = await startStage({ environment: { RESEND_AFTER_SECONDS: '30' } })
  }, 60_000)

  afterAll(() => slow.close())

  test('is waited for with a countdown; no button moves, and none answers with an error', async () => {
    const person = await slow.knownUser()
    page = await slow.open()
    await page.clock.install({ time: Date.now() })
    await page.reload()
    await typePassword(person)
    await button('Sign in').click()
    await heading('Check your mail')
    const places = () =>
      Promise.all([button('Send new code').boundingBox(), button('Start over').boundingBox()])
    const before = await places()
    expect(await button('Send new code').getAttribute('aria-disabled')).toBe('true')
    expect(await page.locator('#resend-wait').textContent()).toMatch(/^0:(30|2\d)$/)
    expect(await page.locator('#resend-hint').textContent()).toMatch(/^A new code can be sent in 0:/)
    await button('Send new code').click({ force: true })
    expect(await page.getByRole('alert').textContent()).toBe('')
    slow.pool.advanceClock(31)
    await page.clock.fastForward(31_000)
    await page.clock.runFor(2000)
    expect(await button('Send new code').getAttribute('aria-disabled')).toBe('false')
    expect(await places()).toEqual(before)
    await button('Send new code').click()
    await notice('A new code was sent.')
    expect(await slow.mails(person.username)).toBe(2)
    await slow.tidy()
    page = await stage.open()
  })
})

describe('other triggers', () => {
  let other: Stage | undefined
  let remove: (() => Promise<void>) | undefined

  async function openWith(bodies: HandlerBodies): Promise<Person> {
    const triggers = await writeTriggers(bodies)
    remove = triggers.remove
    other = await startStage({ directory: triggers.directory })
    page = await other.open()
    const person = await other.knownUser()
    await typePassword(person)
    await button('Sign in').click()
    return person
  }

  afterEach(async () => {
    await other?.close()
    await remove?.()
    page = await stage.open()
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
    await stage.picture(page, 'limited')
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
    await stage.picture(page, 'custom')
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

describe('keyboard and screen readers', () => {
  test('a whole sign-in needs no mouse, and the focus is always where it goes on', async () => {
    const person = await stage.newUser()
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('language')
    // The users that can be tried come first.
    while ((await focused()) !== 'username') await page.keyboard.press('Tab')
    await page.keyboard.insertText(person.username)
    await page.keyboard.press('Tab')
    await page.keyboard.insertText(person.password)
    await page.keyboard.press('Enter')
    await heading('Choose a new password')
    expect(await focused()).toBe('new-password')
    await page.keyboard.insertText(NEW_PASSWORD)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    expect(await newPassword().getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Show password', pressed: true }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await heading('Check your mail')
    expect(await focused()).toBe('code')
    // A password that was shown is hidden again in the next step.
    expect(await page.locator('#new-password').getAttribute('type')).toBe('password')
    await page.getByRole('status').getByText('A code of 6 digits was sent to p***@e***.').waitFor()
    await page.keyboard.insertText(await stage.code(person.username))
    await page.keyboard.press('Enter')
    await heading('You are signed in')
    expect(await focused()).toBe('sign-in-heading')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('sign-out')
    await page.keyboard.press('Enter')
    await heading('Sign in')
    expect(await focused()).toBe('username')
  })

  test('fields say what browsers and password managers have to know', async () => {
    const attributes = (id: string) =>
      page
        .locator(`#${id}`)
        .evaluate(({ attributes: all }) =>
          Object.fromEntries([...all].map(({ name, value }) => [name, value])),
        )
    expect(await attributes('username')).toMatchObject({ autocomplete: 'username', inputmode: 'email' })
    expect(await attributes('password')).toMatchObject({ autocomplete: 'current-password', type: 'password' })
    expect(await attributes('new-password')).toMatchObject({ autocomplete: 'new-password', type: 'password' })
    expect(await attributes('code')).toMatchObject({ autocomplete: 'one-time-code', inputmode: 'numeric' })
  })

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['mobile', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true }],
    ['chinese', { locale: 'zh-CN' }],
    ['forced-colors', { forcedColors: 'active' }],
  ] as const)(
    'axe finds nothing to object to in any state, and nothing is cut off (%s)',
    async (look, options) => {
      const violations: string[] = []
      await stage.tidy()
      page = await stage.open(options)
      // The others differ in colours, or are narrow already.
      const widths = look === 'light' || look === 'chinese' ? REFLOW_WIDTHS : []
      const inspect = async (state: string) => {
        // Words that have just been set are still being drawn.
        await page.waitForTimeout(200)
        await stage.picture(page, `${look}-${state}`)
        for (const found of await objections(page, widths)) violations.push(`${state}: ${found}`)
      }
      const submit = async (field: string, text: string) => {
        await page.locator(`#${field}`).fill(text)
        await page.keyboard.press('Enter')
      }
      const step = (id: string) => page.locator(`#${id}:visible`).waitFor()
      const said = () => page.locator('#notice:not(:empty)').waitFor()

      const person = await stage.newUser()
      await page.locator('.user').first().waitFor()
      await inspect('1-signed-out')
      await page.locator('#username').fill(person.username)
      await submit('password', 'Wrong-password-1')
      await said()
      await inspect('2-wrong-password')
      await submit('password', person.password)
      await step('new-password-form')
      await inspect('3-new-password')
      await submit('new-password', 'weak')
      await said()
      await inspect('4-weak-password')
      stage.pool.faults.delayTrigger('create-auth-challenge', 1500)
      await submit('new-password', NEW_PASSWORD)
      await page.locator('#working:not(:empty)').waitFor()
      await inspect('5-busy')
      await step('code-form')
      await page.locator('#mails .badge:not(:empty)').waitFor()
      await inspect('6-code')
      await submit('code', otherThan(await stage.code(person.username)))
      await said()
      await inspect('7-wrong-code')
      await page.locator('#resend').click()
      await page.locator('#notice[data-tone=info]').waitFor()
      await inspect('8-resent')
      await submit('code', await stage.code(person.username))
      await step('signed-in')
      await page.locator('#calls .good').last().waitFor()
      await page.locator('#calls summary').first().click()
      await inspect('9-signed-in')
      await page.locator('#run-problem').click()
      await page.locator('#way-driver .verdict[data-tone=good]').waitFor()
      await inspect('10-problem')
      await page.locator('#faults summary').click()
      await page.locator('#fault-refuse-mail').check()
      await page.locator('#faults-on:not(:empty)').waitFor()
      await inspect('11-faults')
      await page.locator('#fault-reset').click()
      await page.locator('#faults-on:empty').waitFor({ state: 'attached' })
      expect(violations).toEqual([])
    },
    120_000,
  )

  test('every word of the page is there in Chinese, and the choice is kept', async () => {
    const english = await page.locator('[data-text]').allTextContents()
    await button('中文').click()
    const chinese = await page.locator('[data-text]').allTextContents()
    const same = english.filter((text, index) => text === chinese[index])
    expect(same).toEqual(['Cognito'])
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
    await page.reload()
    await page.getByRole('heading', { name: '登录' }).waitFor()
  })
})

/** CSS pixels: what reflow is asked for at (WCAG 2.2, 1.4.10), and the width of 1280 at 200 %. */
const REFLOW_WIDTHS = [320, 640]

/** What axe objects to, and what reaches out of its place or is cut off, at the width of the page and at others. */
async function objections(target: Page, widths = REFLOW_WIDTHS): Promise<readonly string[]> {
  // A tab in the background is not laid out again.
  await target.bringToFront()
  const found = [...(await axeViolations(target)), ...(await lastingMisfits(target))]
  const size = target.viewportSize()
  if (!size) return found
  for (const width of widths) {
    await target.setViewportSize({ width, height: size.height })
    for (const misfit of await lastingMisfits(target)) found.push(`${width} px: ${misfit}`)
  }
  await target.setViewportSize(size)
  return found
}

/** The frames of the mails load, and follow the width, after the page. */
async function lastingMisfits(target: Page): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const found = await misfits(target)
    if (found.length === 0 || tries === 20) return found
    await target.waitForTimeout(100)
  }
}

function misfits(target: Page): Promise<readonly string[]> {
  return target.evaluate(() => {
    const isOut = (element: Element) => element.getBoundingClientRect().right > innerWidth + 1
    // What is in a line has no width of its own, and a field scrolls.
    const isFull = (element: Element) =>
      element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && !element.matches('input')
    // The document of a frame that loads has no element yet, whatever its type says.
    const measurable = ({ contentDocument }: HTMLIFrameElement): HTMLElement | null | undefined =>
      contentDocument?.documentElement
    const isCut = (element: Element) =>
      element instanceof HTMLIFrameElement &&
      (measurable(element)?.scrollHeight ?? 0) > element.clientHeight + 1
    return [...document.querySelectorAll('body *')]
      .filter(element => element.checkVisibility() && !element.matches('.visually-hidden, svg *'))
      .filter(element => isOut(element) || isFull(element) || isCut(element))
      .map(({ tagName, id, className }) => `${tagName} ${id} ${className} does not fit`)
  })
}

async function axeViolations(target: Page): Promise<readonly string[]> {
  await target.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') })
  // The mails are of others' making, and in frames that run no script.
  const found: unknown = await target.evaluate(
    `axe.run(document, { iframes: false }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' | ')))`,
  )
  return Array.isArray(found) ? found.map(String) : ['axe did not answer']
}

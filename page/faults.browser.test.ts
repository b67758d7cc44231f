// The sample page in a real browser, when something goes wrong on the way to Cognito or behind it.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { NEW_PASSWORD, type Person } from '../testing/browser.ts'
import {
  button,
  countingMail,
  finishWithCode,
  heading,
  newPassword,
  notice,
  openPageForEachTest,
  page,
  reachCode,
  reachNewPassword,
  reloadWithClock,
  stage,
  typeCode,
  typePassword,
} from '../testing/sample-page.ts'

openPageForEachTest()

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
    await finishWithCode(person)
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
    await finishWithCode(person)
    // Tokens that have expired, so that only the pool can tell who is signed in.
    await page.route(`${stage.pool.endpoint}/`, (route, request) =>
      request.method() === 'POST' ? route.abort() : route.continue(),
    )
    await reloadWithClock(Date.now() + 2 * 60 * 60 * 1000)
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
    await finishWithCode(person)
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
    await finishWithCode(person)
  })

  test('expired sessions restart the sign-in with a new code', async () => {
    const person = await reachCode()
    await button('Expire sessions').click()
    await page.getByText('Every open session has expired.').waitFor()
    await typeCode(await stage.code(person.username))
    await button('Continue').click()
    await notice('The sign-in was restarted.')
    await finishWithCode(person)
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
    await finishWithCode(person)
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
    await finishWithCode(person)
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

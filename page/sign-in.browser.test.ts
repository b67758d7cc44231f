// The sample page in a real browser: every way to sign in, and everything that a person can do otherwise.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NEW_PASSWORD, type Stage, startStage } from '../testing/browser.ts'
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
  reachCode,
  reachNewPassword,
  reloadWithClock,
  SPENT_SESSION,
  stage,
  typeCode,
  typePassword,
} from '../testing/sample-page.ts'

openPageForEachTest()

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
    await finishWithCode({ username: 'known@example.com', password: '' })
    await button('Sign out').click()
    await heading('Sign in')
  })

  test('sees what happened as it happens', async () => {
    const person = await reachCode()
    await finishWithCode(person)
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
  test('with a pool that was started again begins with an empty form', async () => {
    await reachCode()
    // As a page leaves it behind that spoke to a pool with another app client.
    await page.evaluate(() => sessionStorage.setItem('cognito-email-code.client', 'another'))
    await page.reload()
    await heading('Sign in')
    await page.reload()
    await heading('Sign in')
  })

  test('comes by itself once the pool was away and has another app client', async () => {
    await reachCode()
    await page.route('**/local-user-pool/messages*', route => route.abort())
    await page.waitForEvent('requestfailed')
    await page.route('**/local-user-pool.json', async (route, request) => {
      const response = await route.fetch({ url: request.url() })
      const pool: unknown = await response.json()
      await route.fulfill({ json: Object.assign({}, pool, { clientId: 'another' }) })
    })
    const reloaded = page.waitForEvent('load')
    await page.unroute('**/local-user-pool/messages*')
    await reloaded
    await heading('Sign in')
  })

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
      await finishWithCode(person)
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
    await finishWithCode(person)
    expect(stage.errors()).toEqual([])
  })

  test('after the sign-in finds the user signed in', async () => {
    const person = await reachCode()
    await finishWithCode(person)
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
    await finishWithCode(person)
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
    lookAt(await first.context().newPage())
    await page.goto(stage.pool.endpoint)
    const person = await reachCode()
    await finishWithCode(person)
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
    await finishWithCode(person)
  })

  test('the time left counts down, and its end is announced', async () => {
    await reloadWithClock(Date.now())
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
    await finishWithCode(person)
  })

  test('one that is too short costs no attempt', async () => {
    await reachCode()
    await typeCode('123')
    await button('Continue').click()
    await notice('The code has 6 digits.')
    await page.getByText('3 attempts left.').waitFor()
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
    lookAt(await slow.open())
    await reloadWithClock(Date.now())
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
    lookAt(await stage.open())
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
    await finishWithCode(person)
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
    await finishWithCode(person)
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
    await finishWithCode({ username, password: NEW_PASSWORD })
  })

  test('an address with blanks around it is the same address', async () => {
    const person = await stage.knownUser()
    await typePassword({ ...person, username: `  ${person.username} ` })
    await button('Sign in').click()
    await heading('Check your mail')
    await finishWithCode(person)
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
    await finishWithCode(person)
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

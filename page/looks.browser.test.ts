// The sample page in a real browser: what it shows, how it looks, keyboard and screen readers.
import { describe, expect, test } from '@jest/globals'
import { NEW_PASSWORD, takePicture } from '../testing/browser.ts'
import {
  button,
  countingMail,
  focused,
  heading,
  lookAt,
  newPassword,
  notice,
  objections,
  openPageForEachTest,
  otherThan,
  page,
  REFLOW_WIDTHS,
  reachCode,
  reachNewPassword,
  stage,
} from '../testing/sample-page.ts'

openPageForEachTest()

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
    lookAt(await stage.open({ viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true }))
    const person = await reachCode()
    const bar = page.getByRole('link', { name: '1 new mail' })
    await bar.tap()
    await bar.waitFor({ state: 'hidden' })
    await countingMail().getByRole('button', { name: 'Fill in this code' }).tap()
    expect(await page.getByLabel('Code').inputValue()).toBe(await stage.code(person.username))
  })

  test('a page that opens later shows the mails of before, each once', async () => {
    const { username } = await reachCode()
    await button('Send new code').click()
    await notice('A new code was sent.')
    await countingMail().waitFor()
    const subjects = () => page.locator('#mails .subject').allTextContents()
    const before = await subjects()
    expect(await stage.mails(username)).toBe(2)
    await page.reload()
    await countingMail().waitFor()
    await page.waitForRequest(/\/local-user-pool\/messages/)
    await page.waitForRequest(/\/local-user-pool\/messages/)
    expect(await subjects()).toEqual(before)
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
    ['dark', { colorScheme: 'dark', reducedMotion: 'no-preference' }],
    ['mobile', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true }],
    ['chinese', { locale: 'zh-CN' }],
    ['forced-colors', { forcedColors: 'active' }],
  ] as const)(
    'axe finds nothing to object to in any state, and nothing is cut off (%s)',
    async (look, options) => {
      const violations: string[] = []
      await stage.tidy()
      lookAt(await stage.open(options))
      // The others differ in colours, or are narrow already.
      const widths = look === 'light' || look === 'chinese' ? REFLOW_WIDTHS : []
      const inspect = async (state: string) => {
        // Words that have just been set are still being drawn.
        await page.waitForTimeout(200)
        await takePicture(page, `${look}-${state}`)
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

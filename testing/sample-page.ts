// What the tests of the sample page share: the page in front of a test, its person, and what is wrong with how it looks.
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals'
import type { Page } from 'playwright-core'
import { type Person, type Stage, startStage } from './browser.ts'

export const SPENT_SESSION = /Invalid session|only be used once/

/** The pool and the browser of a test file. */
export let stage: Stage
/** The page that the test looks at. */
export let page: Page

/** From here on the test looks at another page. */
export function lookAt(other: Page): void {
  page = other
}

/** Before each test of the file a fresh page is open, without faults; after it, no text of a spent session has been seen. */
export function openPageForEachTest(): void {
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
}

/**
 * Loads the page again with a clock that goes on when the test says so. It is put into an empty page: a frame of a mail that
 * loads at the same moment would have no clock, which Playwright reports as an error.
 *
 * @param time milliseconds since 1970
 */
export async function reloadWithClock(time: number): Promise<void> {
  const url = page.url()
  await page.goto('about:blank')
  await page.clock.install({ time })
  await page.goto(url)
}

export const newPassword = () => page.locator('input').and(page.getByLabel('New password', { exact: true }))
export const heading = (text: string) => page.getByRole('heading', { name: text, exact: true }).waitFor()
export const button = (name: string | RegExp) => page.getByRole('button', { name })
export const notice = (text: string) => page.getByRole('alert').getByText(text).waitFor()
export const countingMail = () => page.locator('#mails li', { hasText: 'Valid now' })
export const focused = () => page.evaluate(() => document.activeElement?.id ?? '')

export async function typePassword({ username, password }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

export async function reachNewPassword(): Promise<Person> {
  const person = await stage.newUser()
  await typePassword(person)
  await button('Sign in').click()
  await heading('Choose a new password')
  return person
}

export async function reachCode(): Promise<Person> {
  const person = await stage.knownUser()
  await typePassword(person)
  await button('Sign in').click()
  await heading('Check your mail')
  return person
}

export async function typeCode(code: string): Promise<void> {
  await page.getByLabel('Code').fill(code)
}

export async function finishWithCode({ username }: Person): Promise<void> {
  await typeCode(await stage.code(username))
  await button('Continue').click()
  await heading('You are signed in')
}

export function otherThan(code: string, step = 1): string {
  return String((Number(code) + step) % 1_000_000).padStart(6, '0')
}

/** CSS pixels: what reflow is asked for at (WCAG 2.2, 1.4.10), and the width of 1280 at 200 %. */
export const REFLOW_WIDTHS = [320, 640]

/** What axe objects to, and what reaches out of its place or is cut off, at the width of the page and at others. */
export async function objections(target: Page, widths = REFLOW_WIDTHS): Promise<readonly string[]> {
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
  const isLoaded = await target.evaluate(() => 'axe' in window)
  if (!isLoaded) {
    await target.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') })
  }
  // The mails are of others' making, and in frames that run no script.
  const found: unknown = await target.evaluate(
    `axe.run(document, { iframes: false }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' | ')))`,
  )
  return Array.isArray(found) ? found.map(String) : ['axe did not answer']
}

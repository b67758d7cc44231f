// The preview page in Chromium: every mail in light and dark, on a phone and a desktop, from left to right and right to left.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { LOCALES } from '../shared/locales.ts'
import { launchChromium, takePicture } from '../testing/browser.ts'
import { runPreview } from './preview-command.ts'

let folder: string
let browser: Browser
let page: Page

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gallery-'))
  const out = join(folder, 'mail.html')
  const args = [
    '--out',
    out,
    '--app-name',
    'Example Bank',
    '--brand-color',
    '#0b5fff',
    '--footer',
    'Example Bank Ltd',
  ]
  expect(await runPreview(args, process)).toBe(0)
  browser = await launchChromium()
  page = await browser.newPage({ viewport: { width: 2_300, height: 900 } })
  await page.goto(pathToFileURL(out).href)
})
afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

test.each(LOCALES.map(locale => [locale]))(
  'in %s each view shows the whole mail, and nothing overflows',
  async locale => {
    const section = page.locator(`#${locale}`)
    const frames = section.locator('iframe')
    expect(await frames.count()).toBe(4)
    for (const index of [0, 1, 2, 3]) {
      const mail = frames.nth(index).contentFrame()
      const code = mail.locator('.code')
      expect(await code.innerText()).toBe('271828')
      const body = mail.locator('body')
      expect(await body.evaluate(it => it.scrollWidth <= it.clientWidth)).toBe(true)
      const dark = index % 2 === 1
      const color = await mail.locator('.card').evaluate(it => getComputedStyle(it).backgroundColor)
      expect(color).toBe(dark ? 'rgb(31, 36, 41)' : 'rgb(255, 255, 255)')
      expect(await code.evaluate(it => getComputedStyle(it).backgroundColor)).toBe('rgb(11, 95, 255)')
      const introduction = mail.locator('.strong').nth(1)
      const direction = await introduction.evaluate(it => getComputedStyle(it).direction)
      expect(direction).toBe(locale === 'ar' ? 'rtl' : 'ltr')
      expect(await code.evaluate(it => getComputedStyle(it).direction)).toBe('ltr')
    }
    await takePicture(section, `mail-${locale}`)
  },
)

test('the page asks for nothing but itself', async () => {
  const requests: string[] = []
  page.on('request', request => requests.push(request.url()))
  await page.reload()
  expect(requests.filter(url => !url.startsWith('file:') && !url.startsWith('about:'))).toEqual([])
})

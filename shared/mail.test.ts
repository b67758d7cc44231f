// The mail in every language: the code where phones look for it, nothing that loads from elsewhere, nothing injected.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chooseLocale, isLocale, LOCALES, MAIL_TEXTS } from './locales.ts'
import { composeMail, type MailContent } from './mail.ts'

const CONTENT: MailContent = {
  code: '012345',
  appName: 'Example',
  reference: 'KDQB',
  ttlSeconds: 180,
  locale: 'en',
}

describe.each(LOCALES.map(locale => [locale]))('in %s', locale => {
  const mail = composeMail({ ...CONTENT, locale })

  test('the code is the first line of the text and the first word of the preview, and alone in its box', () => {
    expect(mail.text.split('\n').slice(0, 2)).toEqual(['012345', ''])
    expect(mail.html.replace(/^.*<body[^>]*>/s, '')).toMatch(/^\s*<div [^>]*display:none[^>]*>012345 /)
    expect(mail.html).toMatch(/<td class="code"[^>]*>012345<\/td>/)
  })

  test('the subject names the app and the reference, and holds no digit of the code', () => {
    expect(mail.subject).toContain('KDQB')
    expect(mail.subject).toContain('Example')
    expect(mail.subject).not.toMatch(/\p{Nd}/u)
  })

  test('the minutes have the plural forms of the language', () => {
    const format = new Intl.NumberFormat(`${locale}-u-nu-latn`, {
      style: 'unit',
      unit: 'minute',
      unitDisplay: 'long',
    })
    const minutes = Array.from({ length: 15 }, (_, index) => index + 1)
    expect(minutes.map(MAIL_TEXTS[locale].minutes)).toEqual(minutes.map(count => format.format(count)))
  })

  test('both bodies say the same: how long it is valid, the reference, the app, and what to do if another person signs in', () => {
    for (const body of [mail.text, mail.html]) {
      expect(body).toContain('KDQB')
      expect(body).toContain('Example')
      expect(body).toContain(MAIL_TEXTS[locale].notYou)
      expect(body).toMatch(/3/)
    }
  })

  test('the HTML loads nothing, links nowhere, and says its language and direction', () => {
    expect(mail.html).not.toMatch(/https?:|src=|href=|url\(|<img|<script|<a\b|@import/i)
    expect(mail.html).toContain(`<html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}">`)
    expect(mail.html).toContain('prefers-color-scheme: dark')
  })
})

test('no language lacks its own words', () => {
  const subjects = LOCALES.map(locale => composeMail({ ...CONTENT, locale }).subject)
  expect(new Set(subjects).size).toBe(LOCALES.length)
})

test('minutes are whole, never too many, and in the plural forms of the language', () => {
  const validity = (ttlSeconds: number, locale: MailContent['locale']) =>
    composeMail({ ...CONTENT, ttlSeconds, locale }).text.split('\n')[4]
  expect(validity(60, 'en')).toBe('It is valid for 1 minute.')
  expect(validity(179, 'en')).toBe('It is valid for 2 minutes.')
  expect(validity(900, 'de')).toBe('Er gilt 15 Minuten.')
  expect(validity(120, 'ar')).toContain('دقيقتان')
  expect(validity(180, 'ar')).toContain('3 دقائق')
  expect(validity(660, 'ar')).toContain('11 دقيقة')
})

test('whatever the app is called, it stays text in the HTML and one line in the subject', () => {
  const risky = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '<script>',
      '"><img src=x onerror=alert(1)>',
      'a\r\nBcc: everybody@example.com',
      '&lt;',
      "o'clock",
    ),
  )
  fc.assert(
    fc.property(risky, fc.constantFrom(...LOCALES), (appName, locale) => {
      const plain = composeMail({ ...CONTENT, locale, appName: 'Example' })
      const mail = composeMail({ ...CONTENT, locale, appName })
      expect(mail.subject).not.toMatch(/[\r\n\u0000-\u001f\u2028\u2029]/)
      expect(mail.html.match(/<[^>]*>/g)).toEqual(plain.html.match(/<[^>]*>/g))
    }),
    { numRuns: 1_000 },
  )
  expect(composeMail({ ...CONTENT, appName: `<b>&"'` }).html).toContain(
    '<bdi>&lt;b&gt;&amp;&quot;&#39;</bdi>',
  )
})

describe('the language of the mail', () => {
  test('is the first wish that there is a mail for', () => {
    expect(chooseLocale(['xx', 'de-AT', 'fr'], 'en')).toBe('de')
    expect(chooseLocale([undefined, 'fr_CA.UTF-8'], 'en')).toBe('fr')
    expect(chooseLocale([undefined, undefined], 'ja')).toBe('ja')
    expect(chooseLocale(['', 'C', '*', '12', 'constructor'], 'es')).toBe('es')
  })

  test('tells the two ways of writing Chinese apart', () => {
    const chosen = (tag: string) => chooseLocale([tag], 'en')
    expect(['zh', 'zh-CN', 'zh-Hans', 'zh_SG', 'ZH-hans'].map(chosen)).toEqual(Array(5).fill('zh-CN'))
    expect(['zh-TW', 'zh_HK', 'zh-Hant', 'zh-MO', 'zh-hant-us'].map(chosen)).toEqual(Array(5).fill('zh-TW'))
  })

  test('is Brazilian Portuguese for all who read Portuguese', () => {
    expect(['pt', 'pt-PT', 'pt_BR'].map(tag => chooseLocale([tag], 'en'))).toEqual(Array(3).fill('pt-BR'))
  })

  test('has exact names', () => {
    expect(isLocale('pt-BR')).toBe(true)
    expect(isLocale('pt')).toBe(false)
  })
})

// The mail in every language: the code where phones look for it, nothing that loads from elsewhere, nothing injected.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { contrastOf, inkOn } from './brand-color.ts'
import { chooseLocale, isLocale, LOCALES, type Locale, MAIL_TEXTS } from './locales.ts'
import { type MailParts, standardMail } from './mail.ts'
import { composeMail, languagesOf } from './mail-module.ts'

const PARTS: MailParts = {
  code: '012345',
  appName: 'Example',
  reference: 'KDQB',
  minutes: 3,
  locale: 'en',
  texts: MAIL_TEXTS.en,
  brandColor: undefined,
  footer: undefined,
}

function mailIn(locale: Locale, more: Partial<MailParts> = {}) {
  return standardMail({ ...PARTS, locale, texts: MAIL_TEXTS[locale], ...more })
}

describe.each(LOCALES.map(locale => [locale]))('in %s', locale => {
  const mail = mailIn(locale)

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

  test('each sentence says in words of the language what it is about, and stands in the text', () => {
    const { introduction, validity, minutes, reference, keepSecret, notYou } = MAIL_TEXTS[locale]
    const sentences: readonly (readonly [sentence: string, subject: string])[] = [
      [introduction('Example'), 'Example'],
      [validity(minutes(3)), minutes(3)],
      [reference('KDQB'), 'KDQB'],
      [keepSecret('Example'), 'Example'],
      [notYou, ''],
    ]
    for (const [sentence, subject] of sentences) {
      expect(mail.text.split('\n')).toContain(sentence)
      expect(sentence).toContain(subject)
      expect(sentence.replace(subject, '')).toMatch(/\p{L}{3}/u)
    }
  })

  test('the HTML has the names in the same sentences, apart from the direction of the text around them', () => {
    const { introduction, reference, keepSecret } = MAIL_TEXTS[locale]
    const { html } = mailIn(locale)
    for (const sentence of [introduction, keepSecret]) expect(html).toContain(sentence('<bdi>Example</bdi>'))
    expect(html).toContain(reference('<bdi>KDQB</bdi>'))
  })

  test('the HTML loads nothing, links nowhere, and says its language and direction', () => {
    expect(mail.html).not.toMatch(/https?:|src=|href=|url\(|<img|<script|<a\b|@import/i)
    expect(mail.html).toContain(`<html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}">`)
    expect(mail.html).toContain('prefers-color-scheme: dark')
  })
})

test('every file of shared/locales is a language of the mail', () => {
  const files = readdirSync('shared/locales').filter(file => file !== 'texts.ts')
  expect(files.toSorted()).toEqual(LOCALES.map(locale => `${locale}.ts`).toSorted())
})

test('no language lacks its own words', () => {
  const subjects = LOCALES.map(locale => mailIn(locale).subject)
  expect(new Set(subjects).size).toBe(LOCALES.length)
})

test('minutes are in the plural forms of the language', () => {
  const validity = (minutes: number, locale: Locale) => mailIn(locale, { minutes }).text.split('\n')[4]
  expect(validity(1, 'en')).toBe('It is valid for 1 minute.')
  expect(validity(2, 'en')).toBe('It is valid for 2 minutes.')
  expect(validity(15, 'de')).toBe('Er ist 15 Minuten gültig.')
  expect(validity(2, 'ar')).toContain('دقيقتان')
  expect(validity(3, 'ar')).toContain('3 دقائق')
  expect(validity(11, 'ar')).toContain('11 دقيقة')
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
      const plain = mailIn(locale, { footer: 'Example Ltd' })
      const mail = mailIn(locale, { appName, footer: appName })
      expect(mail.subject).not.toMatch(/[\r\n\u0000-\u001f\u2028\u2029]/)
      expect(mail.html.match(/<[^>]*>/g)).toEqual(plain.html.match(/<[^>]*>/g))
    }),
    { numRuns: 1_000 },
  )
})

test('a name that holds the signs of HTML is shown as it is', () => {
  expect(mailIn('en', { appName: `<b>&"'` }).html).toContain(
    '#14171a"><bdi>&lt;b&gt;&amp;&quot;&#39;</bdi></td>',
  )
})

test('a mail is far below the size at which mail clients cut it off', () => {
  for (const locale of LOCALES)
    expect(
      Buffer.byteLength(Object.values(mailIn(locale, { footer: '한'.repeat(200) })).join('')),
    ).toBeLessThan(8_000)
})

test('the brand color fills the box of the code, in light and in dark, with digits that can be read', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrastOf('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  expect(contrastOf('#0a0a0a', '#ffffff')).toBeCloseTo(19.8, 1)
  for (const [brandColor, ink] of [
    ['#0b5fff', '#ffffff'],
    ['#ffd500', '#14171a'],
  ] as const) {
    const { html } = mailIn('en', { brandColor })
    expect(html).toMatch(new RegExp(`<td class="code"[^>]*background:${brandColor};[^>]*color:${ink}">`))
    expect(html).toMatch(/\.rule \{[^}]*\}\n\}/)
  }
  const { html } = mailIn('en')
  expect(html).toMatch(/<td class="code"[^>]*background:#f3f5f7;[^>]*color:#14171a">/)
  expect(html).toMatch(/\.rule \{[^}]*\}\n {2}\.code \{ background: #2b3138 [^}]*color: #ffffff [^}]*\}\n\}/)
  expect(inkOn('#7a7a7a')).toBeUndefined()
})

test('the footer is the last line of both bodies', () => {
  const { text, html } = mailIn('ar', { footer: 'Example & Co' })
  expect(text).toMatch(/\n\nExample & Co\n$/)
  expect(html).toContain('<bdi>Example &amp; Co</bdi>')
  expect(html).toMatch(/padding:12px 0 24px[^<]*>[^<]*<bdi>Example<\/bdi>/)
  const without = mailIn('en')
  expect(without.text.endsWith(`\n${MAIL_TEXTS.en.notYou}\n`)).toBe(true)
  expect(without.html).toContain(`<br>${MAIL_TEXTS.en.notYou}</td></tr>\n</table>`)
  expect(without.html).toMatch(/padding:12px 0 0px[^<]*>[^<]*<bdi>Example<\/bdi>/)
})

describe('a mail module', () => {
  const own = ({ code, reference }: MailParts) => ({
    subject: `Hej\r\n(${reference})`,
    text: `${code}\n`,
    html: `<p>${code}</p>`,
  })

  test('writes the mail, with a subject on one line', () => {
    const fault = () => expect('a fault').toBe('none')
    expect(composeMail({ default: own }, PARTS, fault)).toEqual({
      subject: 'Hej (KDQB)',
      text: '012345\n',
      html: '<p>012345</p>',
    })
    expect(composeMail({}, PARTS, fault)).toEqual(mailIn('en'))
  })

  test.each([
    ['throws', () => JSON.parse('{')],
    ['leaves the code out of the text', (parts: MailParts) => ({ ...own(parts), text: '' })],
    ['leaves the code out of the HTML', (parts: MailParts) => ({ ...own(parts), html: '' })],
    ['has the code in the subject', (parts: MailParts) => ({ ...own(parts), subject: parts.code })],
    ['has it there in groups', (parts: MailParts) => ({ ...own(parts), subject: '012 345' })],
    ['has it there in other digits', (parts: MailParts) => ({ ...own(parts), subject: '０１２\u200b-345' })],
  ])('that %s gives way to the standard mail', (_, broken) => {
    let faults = 0
    expect(composeMail({ default: broken }, PARTS, () => faults++)).toEqual(mailIn('en'))
    expect(faults).toBe(1)
  })

  test('adds languages, and may change the words of one of the nine', () => {
    const sv = { ...MAIL_TEXTS.en, notYou: 'Var det inte du?' }
    const languages = languagesOf({ locales: { sv, de: sv, 'pt-PT': sv } })
    expect(Object.keys(languages)).toEqual([...LOCALES, 'sv', 'pt-PT'])
    expect(languages['de']).toBe(sv)
    expect(languagesOf({})).toBe(MAIL_TEXTS)
    const chosen = (tag: string) => chooseLocale([tag], 'en', languages)
    expect(['sv-SE', 'sv_FI.UTF-8', 'PT-pt', 'pt', 'zh-HK'].map(chosen)).toEqual([
      'sv',
      'sv',
      'pt-PT',
      'pt-BR',
      'zh-TW',
    ])
    expect(chooseLocale(['zh-HK'], 'en', { en: '', 'zh-CN': '' })).toBe('en')
  })
})

describe('the language of the mail', () => {
  test.each(LOCALES.map(locale => [locale]))('is %s for who asks for it', locale => {
    const spoken = [locale, locale.toUpperCase(), locale.replace('-', '_'), `${locale}.UTF-8`]
    expect(spoken.map(tag => chooseLocale([tag], locale === 'en' ? 'de' : 'en'))).toEqual(
      Array(4).fill(locale),
    )
  })

  test('does not depend on the country', () => {
    const chosen = (tag: string) => chooseLocale([tag], 'en')
    expect(['ar-EG', 'ja-JP', 'es_MX', 'fr-CA', 'de_AT'].map(chosen)).toEqual(['ar', 'ja', 'es', 'fr', 'de'])
  })

  test('is the first wish that there is a mail for', () => {
    expect(chooseLocale(['xx', 'de-AT', 'fr'], 'en')).toBe('de')
    expect(chooseLocale([undefined, 'fr_CA.UTF-8'], 'en')).toBe('fr')
    expect(chooseLocale([undefined, undefined], 'ja')).toBe('ja')
    expect(chooseLocale([' de-AT\n'], 'en')).toBe('de')
    expect(chooseLocale(['', 'C', '*', '12', 'constructor'], 'es')).toBe('es')
  })

  test('tells the two ways of writing Chinese apart', () => {
    const chosen = (tag: string) => chooseLocale([tag], 'en')
    expect(['zh', 'zh-CN', 'zh-Hans', 'zh_SG', 'ZH-hans'].map(chosen)).toEqual(Array(5).fill('zh-CN'))
    expect(['zh-TW', 'zh_HK', 'zh-Hant', 'zh-MO', 'zh-hant-us', 'zh-cmn-TW'].map(chosen)).toEqual(
      Array(6).fill('zh-TW'),
    )
  })

  test('is Brazilian Portuguese for all who read Portuguese', () => {
    expect(['pt', 'pt-PT', 'pt_BR'].map(tag => chooseLocale([tag], 'en'))).toEqual(Array(3).fill('pt-BR'))
  })

  test('has exact names', () => {
    expect(isLocale('pt-BR')).toBe(true)
    expect(isLocale('pt')).toBe(false)
  })
})

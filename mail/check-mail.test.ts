// The contract of a mail module: a good one passes, each broken one is refused by the rule that it breaks.
import { describe, expect, test } from '@jest/globals'
import { en } from '../shared/locales/en.ts'
import { type ComposedMail, escapeHtml, type MailParts, standardMail } from '../shared/mail.ts'
import { checkMail, isMailModule } from './check-mail.ts'

/** A mail of one's own, as somebody would write it. */
function good({ code, appName, reference, texts, locale, footer = '' }: MailParts): ComposedMail {
  return {
    subject: texts.subject(appName, reference).replace(/\s+/g, ' '),
    text: `${code}\n\n${texts.introduction(appName)}\n${texts.reference(reference)}\n${footer}\n`,
    html: `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="${locale}"><head><meta charset="utf-8"/><style>p { color: #111 }</style></head>
<body><!--[if mso]><table role="presentation"><tr><td><![endif]--><h1 style='margin:0'>${code}</h1>
<p>${texts.introduction(escapeHtml(appName))}<br/>${texts.reference(escapeHtml(reference))}<br>${escapeHtml(footer)}</p>
<!--[if mso]></td></tr></table><![endif]--></body></html>`,
  }
}

const inHtml = (insert: string) => (parts: MailParts) => {
  const mail = good(parts)
  return { ...mail, html: mail.html.replace('</h1>', `</h1>${insert}`) }
}

const rulesOf = (module: unknown) => [...new Set(checkMail(module).map(({ rule }) => rule))]

test('the standard mail and a good one keep the contract, in the nine languages and in more', () => {
  expect(checkMail({ default: standardMail })).toEqual([])
  expect(checkMail({ default: good })).toEqual([])
  expect(checkMail({ locales: { sv: { ...en, notYou: 'Var det inte du?' } } })).toEqual([])
  expect(checkMail({ default: good, locales: { sv: en, 'pt-PT': en, de: en } })).toEqual([])
})

const BROKEN: readonly (readonly [string, string, unknown])[] = [
  ['exports nothing', 'exports', {}],
  ['is nothing', 'exports', undefined],
  ['exports a string', 'exports', { default: 'mail' }],
  ['lacks a text of a language', 'texts', { locales: { sv: { ...en, notYou: undefined } } }],
  ['has a language without a direction', 'texts', { locales: { sv: { ...en, direction: 'up' } } }],
  ['has a language under a name that is no language tag', 'texts', { locales: { '../sv': en } }],
  ['throws', 'throws', { default: () => JSON.parse('{') }],
  [
    'throws in one language only',
    'throws',
    { default: (parts: MailParts) => (parts.locale === 'ar' ? JSON.parse('{') : good(parts)) },
  ],
  ['is async', 'shape', { default: async (parts: MailParts) => good(parts) }],
  ['returns no HTML', 'shape', { default: (parts: MailParts) => ({ ...good(parts), html: undefined }) }],
  [
    'returns nothing for one minute',
    'shape',
    { default: (parts: MailParts) => (parts.minutes === 1 ? undefined : good(parts)) },
  ],
  [
    'returns nothing for some names',
    'unescaped',
    { default: (parts: MailParts) => (parts.appName === 'Example' ? good(parts) : undefined) },
  ],
  [
    'leaves the code out of the text',
    'text-code',
    { default: (parts: MailParts) => ({ ...good(parts), text: parts.reference }) },
  ],
  [
    'begins the text with a greeting',
    'text-code',
    { default: (parts: MailParts) => ({ ...good(parts), text: `Hello!\n${good(parts).text}` }) },
  ],
  [
    'leaves the code out of the HTML',
    'html-code',
    { default: (parts: MailParts) => ({ ...good(parts), html: `<p>${parts.reference}</p>` }) },
  ],
  [
    'shows the code digit by digit',
    'html-code',
    {
      default: (parts: MailParts) => ({
        ...good(parts),
        html: good(parts).html.replace(parts.code, [...parts.code].join('</b><b>')),
      }),
    },
  ],
  [
    'shows the code too late for the preview',
    'html-code',
    {
      default: (parts: MailParts) => ({
        ...good(parts),
        html: good(parts).html.replace('<h1', `<p>${'Welcome. '.repeat(20)}</p><h1`),
      }),
    },
  ],
  [
    'has the code in the subject',
    'subject-code',
    { default: (parts: MailParts) => ({ ...good(parts), subject: `${parts.code} (${parts.reference})` }) },
  ],
  [
    'has the code in the subject in two halves',
    'subject-code',
    {
      default: (parts: MailParts) => ({
        ...good(parts),
        subject: `${parts.code.slice(0, 3)}-${parts.code.slice(3)} (${parts.reference})`,
      }),
    },
  ],
  [
    'has two lines in the subject',
    'subject-lines',
    {
      default: (parts: MailParts) => ({
        ...good(parts),
        subject: `${parts.reference}\r\nBcc: all@example.com`,
      }),
    },
  ],
  [
    'has no reference in the subject',
    'reference',
    { default: (parts: MailParts) => ({ ...good(parts), subject: parts.appName }) },
  ],
  ['loads an image', 'remote', { default: inHtml('<img alt="" src="https://example.com/logo.png">') }],
  [
    'loads a background',
    'remote',
    { default: inHtml('<p style="background: URL( \'//example.com/a.png\')">x</p>') },
  ],
  [
    'loads one in a way that only a mail client reads',
    'remote',
    {
      default: inHtml(
        '<p style="background: u&#114;l(a.png)">x</p><p style="background:\\75\\72\\6c(a)"></p>',
      ),
    },
  ],
  ['links somewhere', 'remote', { default: inHtml('<a href="mailto:help@example.com">Help</a>') }],
  [
    'names a web site',
    'remote',
    { default: (parts: MailParts) => ({ ...good(parts), text: `${good(parts).text}www.example.com` }) },
  ],
  ['has a form', 'elements', { default: inHtml('<form><input name="code"></form>') }],
  ['has a script attribute', 'elements', { default: inHtml('<p onclick="x()">x</p>') }],
  [
    'has one in a conditional comment',
    'elements',
    { default: inHtml('<!--[if mso]><object></object><![endif]-->') },
  ],
  ['is too large', 'size', { default: inHtml(`<p>${'x'.repeat(20_000)}</p>`) }],
  [
    'does not escape the name',
    'unescaped',
    { default: (parts: MailParts) => inHtml(`<p>${parts.appName}</p>`)(parts) },
  ],
  [
    'does not escape the name in an attribute',
    'unescaped',
    { default: (parts: MailParts) => inHtml(`<p title="${parts.appName}">x</p>`)(parts) },
  ],
  [
    'does not escape the footer',
    'unescaped',
    { default: (parts: MailParts) => inHtml(`<p>${parts.footer}</p>`)(parts) },
  ],
]

describe('a module is refused that', () => {
  test.each(BROKEN)('%s', (_, rule, module) => {
    expect(rulesOf(module)).toContain(rule)
  })
})

test('the message says what to do, once for each language that it is about', () => {
  const problems = checkMail({ default: (parts: MailParts) => ({ ...good(parts), subject: parts.appName }) })
  expect(problems).toHaveLength(9)
  expect(problems[8]).toEqual({
    rule: 'reference',
    locale: 'ar',
    message: 'ar: subject, text and html must each hold the reference, which tells several mails apart.',
  })
})

test('what is no mail module is told from one', () => {
  expect([{}, { default: good }, { locales: { sv: en } }].map(isMailModule)).toEqual([true, true, true])
  expect([{ default: 1 }, { locales: { sv: {} } }].map(isMailModule)).toEqual([false, false])
})

// The contract of a mail module: what every mail must hold and must not hold, tried with hostile values in every language.
import type { MailTexts } from '../shared/locales/texts.ts'
import { type ComposedMail, type MailParts, standardMail } from '../shared/mail.ts'
import { holdsCode, languagesOf, type MailModule } from '../shared/mail-module.ts'

/** A way in which a module breaks the contract. */
export type MailProblem = {
  readonly rule: MailRule
  /** The language in which it shows; undefined if the module itself is at fault. */
  readonly locale: string | undefined
  /** What is wrong and what to do. */
  readonly message: string
}

/** Every rule, with what to do when it is broken. */
const RULES = {
  exports: 'Export a function as default, or an object `locales`, or both.',
  texts:
    'Each entry of `locales` must be named by a language tag such as sv and hold every text of MailTexts.',
  throws:
    'The function must return a mail for every language and for 1 to 15 minutes, without waiting for anything.',
  shape: 'Return an object with the strings subject, text and html; the function must not be async.',
  'text-code': 'The first line of text must be the code and nothing else, so that phones offer it.',
  'html-code': 'html must hold the code in one piece, among the first 100 characters that a preview shows.',
  'subject-code': 'The code must not be in subject: subjects are copied into logs, relays and lock screens.',
  'subject-lines': 'subject must be one line that is not empty.',
  reference: 'subject, text and html must each hold the reference, which tells several mails apart.',
  remote: 'html must not load or link to anything: remove images, links, scripts, url(...) and addresses.',
  elements: 'html may hold text, tables and styles only, so that it looks the same in every mail client.',
  size: 'The whole mail must stay under 20 KB.',
  unescaped: 'Pass every value that goes into html through escapeHtml.',
} as const

export type MailRule = keyof typeof RULES

const EXAMPLE = { code: '082746', appName: 'Example', reference: 'KDQB', minutes: 3 } as const
const LARGEST = 20 * 1024
const PREVIEW = 100

/** Values that break out of text, of a quoted attribute or of a style, if they are not escaped. */
const HOSTILE = [
  '<b>x</b>',
  '"><img src=x onerror=alert(1)>',
  "' style='background:red",
  '</td></table><script>alert(1)</script>',
  '&lt;i&gt; & <!--',
]

/** Elements and attributes that mail clients show alike and that load nothing. */
const ELEMENTS: ReadonlySet<string> = new Set([
  'html',
  'head',
  'meta',
  'title',
  'style',
  'body',
  'div',
  'span',
  'p',
  'br',
  'hr',
  'center',
  'table',
  'caption',
  'colgroup',
  'col',
  'thead',
  'tbody',
  'tfoot',
  'tr',
  'td',
  'th',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'b',
  'strong',
  'i',
  'em',
  'u',
  'small',
  'sub',
  'sup',
  'bdi',
  'bdo',
  'ul',
  'ol',
  'li',
])
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'class',
  'id',
  'style',
  'lang',
  'dir',
  'role',
  'title',
  'aria-hidden',
  'aria-label',
  'align',
  'valign',
  'width',
  'height',
  'bgcolor',
  'border',
  'cellpadding',
  'cellspacing',
  'colspan',
  'rowspan',
  'name',
  'content',
  'charset',
  'http-equiv',
  'type',
])
const REMOTE =
  /:\/\/|\bwww\.|mailto:|url\s*\(|image-set|@import|http-equiv\s*=\s*["']?refresh|\bsrc\s*=|\bhref\s*=|<script/i

/**
 * Tries a module in every language, with ordinary and with hostile values.
 *
 * @param module what the module exports
 * @returns every broken rule, once for each language; empty for a module that keeps the contract
 * @example
 * checkMail({ default: standardMail }) // []
 */
export function checkMail(module: unknown): readonly MailProblem[] {
  const { default: compose, locales } = Object(module)
  const isFunction = compose === undefined || typeof compose === 'function'
  if (!isFunction || (compose === undefined && locales === undefined)) return [problem('exports')]
  const texts = Object.entries(Object(locales)).filter(([name, entry]) => !isTag(name) || !isMailTexts(entry))
  if (texts.length > 0) return texts.map(([name]) => problem('texts', name))
  if (!isMailModule(module)) return [problem('exports')]
  return Object.entries(languagesOf(module)).flatMap(([locale, its]) =>
    brokenRules(module, locale, its).map(rule => problem(rule, locale)),
  )
}

/**
 * Whether a module has the exports of a mail module.
 *
 * @example isMailModule({ locales: {} }) // true
 */
export function isMailModule(module: unknown): module is MailModule {
  const { default: compose, locales } = Object(module)
  const isFunction = compose === undefined || typeof compose === 'function'
  return isFunction && Object.entries(Object(locales)).every(([name, its]) => isTag(name) && isMailTexts(its))
}

function problem(rule: MailRule, locale?: string): MailProblem {
  return { rule, locale, message: `${locale === undefined ? '' : `${locale}: `}${RULES[rule]}` }
}

function brokenRules(
  { default: compose = standardMail }: MailModule,
  locale: string,
  texts: MailTexts,
): MailRule[] {
  const mailOf = (more: Partial<MailParts> = {}): unknown => {
    const parts = { ...EXAMPLE, locale, texts, brandColor: '#0b5fff', footer: 'Example Ltd', ...more }
    return compose(parts)
  }
  try {
    const mail = mailOf()
    if (!isComposedMail(mail)) return ['shape']
    const other = [
      ...Array.from({ length: 15 }, (_, index) => mailOf({ minutes: index + 1 })),
      mailOf({ brandColor: undefined, footer: undefined }),
      mailOf({ code: '0827461935' }),
    ]
    if (!other.every(isComposedMail)) return ['shape']
    const tags = tagsOf(mail.html)
    const escapes = HOSTILE.every(value => {
      const hostile = mailOf({ appName: value, footer: value })
      return isComposedMail(hostile) && String(tagsOf(hostile.html)) === String(tags)
    })
    return [...brokenByOne(mail), ...(escapes ? [] : (['unescaped'] as const))]
  } catch {
    return ['throws']
  }
}

function brokenByOne({ subject, text, html }: ComposedMail): MailRule[] {
  const { code, reference } = EXAMPLE
  const body = html.replace(/<head\b.*?<\/head>|<style\b.*?<\/style>/gis, '')
  const broken: Readonly<Partial<Record<MailRule, boolean>>> = {
    'text-code': text.split('\n')[0]?.trim() !== code,
    'html-code': !body.includes(code) || visible(body).indexOf(code) > PREVIEW,
    'subject-code': holdsCode(subject, code),
    'subject-lines': subject.trim() === '' || /[\p{Cc}\u2028\u2029]/u.test(subject),
    reference: ![subject, text, visible(body)].every(part => part.includes(reference)),
    remote: REMOTE.test(decoded(`${text}\n${html}`)),
    elements: !tagsOf(html).every(isAllowed),
    size: Buffer.byteLength(subject + text + html) >= LARGEST,
  }
  return Object.keys(RULES)
    .filter(isRule)
    .filter(rule => broken[rule] === true)
}

function isRule(name: string): name is MailRule {
  return Object.hasOwn(RULES, name)
}

/** What a person sees, on one line. */
function visible(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** As a mail client reads it: without the names of XML namespaces and of the document type, which are never loaded. */
function decoded(html: string): string {
  return html
    .replace(/<!doctype[^>]*>/gi, '')
    .replace(/\sxmlns(:\w+)?="[^"]*"/gi, '')
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_, digits: string) => characterOf(Number.parseInt(digits, 16)))
    .replace(/&#(\d{1,7});?/g, (_, digits: string) => characterOf(Number(digits)))
    .replace(/&colon;/gi, ':')
    .replace(/&sol;/gi, '/')
    .replace(/\\([0-9a-f]{1,6})\s?/gi, (_, digits: string) => characterOf(Number.parseInt(digits, 16)))
}

function characterOf(code: number): string {
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : ''
}

/** Every tag, also those in conditional comments, which Outlook reads. */
function tagsOf(html: string): string[] {
  const open = html
    .replace(/<!doctype[^>]*>/gi, '')
    .replace(/<!--\[if[^\]]*\]>|<!\[endif\]-->|<!--\[endif\]-->|<!--|-->/gi, '')
  return open.match(/<(?:"[^"]*"|'[^']*'|[^>"'])*>?/g) ?? []
}

function isAllowed(tag: string): boolean {
  const parts =
    /^<\/?([a-z][a-z0-9]*)((?:\s+[^\s=>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>$/i.exec(tag)
  if (parts === null || !ELEMENTS.has(String(parts[1]).toLowerCase())) return false
  const names = [...String(parts[2]).matchAll(/([^\s=>"'/]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?/g)]
  return names.every(([, name = '']) => ATTRIBUTES.has(name.toLowerCase()) || /^xmlns(:\w+)?$/.test(name))
}

function isTag(name: string): boolean {
  return /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(name)
}

const TEXT_FUNCTIONS = ['subject', 'introduction', 'minutes', 'validity', 'reference', 'keepSecret'] as const

function isMailTexts(value: unknown): value is MailTexts {
  const texts: Readonly<Record<string, unknown>> = Object(value)
  return (
    TEXT_FUNCTIONS.every(name => typeof texts[name] === 'function') &&
    typeof texts['notYou'] === 'string' &&
    (texts['direction'] === 'ltr' || texts['direction'] === 'rtl')
  )
}

function isComposedMail(value: unknown): value is ComposedMail {
  const { subject, text, html } = Object(value)
  return [subject, text, html].every(part => typeof part === 'string')
}

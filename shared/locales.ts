// The languages of the mail, and which one a user gets.
import { ar } from './locales/ar.ts'
import { de } from './locales/de.ts'
import { en } from './locales/en.ts'
import { es } from './locales/es.ts'
import { fr } from './locales/fr.ts'
import { ja } from './locales/ja.ts'
import { ptBR } from './locales/pt-BR.ts'
import type { MailLanguages } from './locales/texts.ts'
import { zhCN } from './locales/zh-CN.ts'
import { zhTW } from './locales/zh-TW.ts'

/** Each language under its name. A new one is its file and its line here: everything else follows. */
export const MAIL_TEXTS = {
  en,
  'zh-CN': zhCN,
  'zh-TW': zhTW,
  ja,
  de,
  fr,
  es,
  'pt-BR': ptBR,
  ar,
} as const satisfies MailLanguages

export type Locale = keyof typeof MAIL_TEXTS

// Marked as pure so that the triggers that send no mail do not carry its texts.
export const LOCALES: readonly Locale[] = /* @__PURE__ */ namesOf(MAIL_TEXTS)

function namesOf(texts: object): Locale[] {
  return Object.keys(texts).filter(isLocale)
}

/** Whether `text` is the exact name of a language of the mail. */
export function isLocale(text: string): text is Locale {
  return Object.hasOwn(MAIL_TEXTS, text)
}

/** The languages that a mail is chosen from: texts by language tag. */
type Languages = Readonly<Record<string, unknown>>

/**
 * The first of the wishes that there is a mail for.
 *
 * @param wishes language tags in any common form (`de-AT`, `zh_HK`, `pt`), the most wanted first
 */
export function chooseLocale(
  wishes: readonly (string | undefined)[],
  fallback: string,
  languages: Languages = MAIL_TEXTS,
): string {
  for (const wish of wishes) {
    const locale = matchLocale(wish ?? '', languages)
    if (locale !== undefined) return locale
  }
  return fallback
}

function matchLocale(tag: string, languages: Languages): string | undefined {
  const parts = tag
    .trim()
    .toLowerCase()
    .split(/[-_.@]/)
  // The tag itself, then the same with less and less behind it: `pt-PT` of one's own comes before the rule below.
  for (let length = parts.length; length > 0; length -= 1) {
    const prefix = parts.slice(0, length).join('-')
    const found = Object.keys(languages).find(name => name.toLowerCase() === prefix)
    if (found !== undefined) return found
  }
  const relative = relativeOf(parts)
  return Object.hasOwn(languages, relative) ? relative : undefined
}

/** The language of ours that readers of another one can read. */
function relativeOf([language = '', ...parts]: readonly string[]): string {
  if (language === 'zh')
    return parts.some(part => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-TW' : 'zh-CN'
  return language === 'pt' ? 'pt-BR' : ''
}

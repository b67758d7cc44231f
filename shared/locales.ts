// The languages of the mail, and which one a user gets.
import { ar } from './locales/ar.ts'
import { de } from './locales/de.ts'
import { en } from './locales/en.ts'
import { es } from './locales/es.ts'
import { fr } from './locales/fr.ts'
import { ja } from './locales/ja.ts'
import { ptBR } from './locales/pt-BR.ts'
import type { MailTexts } from './locales/texts.ts'
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
} as const satisfies Readonly<Record<string, MailTexts>>

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

/**
 * The first of the wishes that there is a mail for.
 *
 * @param wishes language tags in any common form (`de-AT`, `zh_HK`, `pt`), the most wanted first
 */
export function chooseLocale(wishes: readonly (string | undefined)[], fallback: Locale): Locale {
  for (const wish of wishes) {
    const locale = matchLocale(wish ?? '')
    if (locale !== undefined) return locale
  }
  return fallback
}

function matchLocale(tag: string): Locale | undefined {
  const parts = tag
    .trim()
    .toLowerCase()
    .split(/[-_.@]/)
  const [language = ''] = parts
  if (language === 'zh')
    return parts.some(part => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-TW' : 'zh-CN'
  if (language === 'pt') return 'pt-BR'
  return isLocale(language) ? language : undefined
}

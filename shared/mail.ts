// The mail with the code: one text and one HTML body, without links and without anything that loads from elsewhere.

import { inkOn } from './brand-color.ts'
import type { MailTexts } from './locales/texts.ts'

/** What a mail is made of. All texts are plain: what goes into HTML has to be escaped (`escapeHtml`). */
export type MailParts = {
  readonly code: string
  readonly appName: string
  /** Four letters; the sign-in page shows the same ones. */
  readonly reference: string
  /** How long the code is valid from the moment of sending. */
  readonly minutes: number
  /** A language tag such as `de` or `pt-BR`. */
  readonly locale: string
  /** The standard words in that language. */
  readonly texts: MailTexts
  /** `BRAND_COLOR`, as `#rrggbb`. */
  readonly brandColor: string | undefined
  /** `MAIL_FOOTER` in that language. */
  readonly footer: string | undefined
}

export type ComposedMail = { readonly subject: string; readonly text: string; readonly html: string }

/** Writes a mail from its parts. */
export type ComposeMail = (parts: MailParts) => ComposedMail

/**
 * Writes the standard mail. The code is the first line of the text part and the first word of the preview that mail clients show,
 * so that they and phones still offer it; it is never in the subject. Every value that goes into the HTML is escaped; a value with a line
 * break cannot add a header.
 *
 * @param parts what the mail says
 * @example
 * const mail = standardMail(parts)
 * export const shorter = { ...mail, subject: `${parts.appName}: ${parts.reference}` }
 */
export function standardMail({ appName, reference, ...parts }: MailParts): ComposedMail {
  const { code, minutes, locale, texts, brandColor, footer } = parts
  const lines = (name: string, mark: string) => ({
    introduction: texts.introduction(name),
    validity: texts.validity(texts.minutes(minutes)),
    reference: texts.reference(mark),
    keepSecret: texts.keepSecret(name),
  })
  const plain = lines(appName, reference)
  // bdi keeps a name in another script from turning the words around it.
  const safeName = `<bdi>${escapeHtml(appName)}</bdi>`
  const safe = lines(safeName, `<bdi>${escapeHtml(reference)}</bdi>`)
  const box = brandColor ?? '#f3f5f7'
  const digits = brandColor === undefined ? '#14171a' : inkOn(brandColor)
  const darkBox =
    brandColor === undefined ? '\n  .code { background: #2b3138 !important; color: #ffffff !important; }' : ''
  const safeFooter =
    footer === undefined
      ? ''
      : `\n<tr><td class="quiet rule" style="padding:16px 0 0;border-top:1px solid #e4e8ec;font-size:13px;line-height:20px;color:#57606a"><bdi>${escapeHtml(footer)}</bdi></td></tr>`

  return {
    subject: onOneLine(texts.subject(appName, reference)),
    text: [
      code,
      plain.introduction,
      `${plain.validity}\n${plain.reference}`,
      `${plain.keepSecret}\n${texts.notYou}`,
      ...(footer === undefined ? [] : [footer]),
    ]
      .join('\n\n')
      .concat('\n'),
    html: `<!DOCTYPE html>
<html lang="${escapeHtml(locale)}" dir="${texts.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(appName)}</title>
<style>
@media (prefers-color-scheme: dark) {
  .page { background: #15181c !important; }
  .card { background: #1f2429 !important; }
  .strong { color: #f4f6f8 !important; }
  .quiet { color: #a9b2bc !important; }
  .rule { border-color: #363d45 !important; }${darkBox}
}
@media (max-width: 480px) {
  .outer { padding: 0 !important; }
  .card { border-radius: 0 !important; }
  .inner { padding: 32px 24px !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f7">
<div class="preview" style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:#f3f5f7">${escapeHtml(code)} ${safe.introduction}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f5f7">
<tr><td class="outer" align="center" style="padding:40px 16px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" dir="${texts.direction}" style="max-width:480px;background:#ffffff;border-radius:12px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<tr><td class="inner" style="padding:40px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="strong" style="padding:0 0 24px;font-size:20px;line-height:28px;font-weight:600;color:#14171a">${safeName}</td></tr>
<tr><td class="strong" style="padding:0 0 20px;font-size:16px;line-height:24px;color:#14171a">${safe.introduction}</td></tr>
<tr><td class="code" align="center" dir="ltr" style="padding:20px 12px;background:${box};border-radius:8px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:32px;line-height:40px;font-weight:600;letter-spacing:6px;text-indent:6px;white-space:nowrap;color:${digits}">${escapeHtml(code)}</td></tr>
<tr><td class="strong" style="padding:20px 0 0;font-size:16px;line-height:24px;color:#14171a">${safe.validity}</td></tr>
<tr><td class="quiet" style="padding:12px 0 0;font-size:14px;line-height:22px;color:#57606a">${safe.reference}</td></tr>
<tr><td class="quiet" style="padding:12px 0 ${footer === undefined ? 0 : 24}px;font-size:14px;line-height:22px;color:#57606a">${safe.keepSecret}<br>${texts.notYou}</td></tr>${safeFooter}
</table>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`,
  }
}

/** A subject without line breaks: a name with one in it cannot add a header. */
export function onOneLine(subject: string): string {
  return subject.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

/**
 * A text as HTML shows it, between tags and in quoted attributes.
 *
 * @param text any text
 * @example escapeHtml('<b>') // '&lt;b&gt;'
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

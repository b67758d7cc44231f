// The mail in Japanese.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly ja: MailTexts
  }
}

export const ja: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `${appName} のログイン用認証コード（${reference}）`,
  introduction: appName => `この認証コードを入力して、${appName} にログインしてください。`,
  minutes: count => `${count} 分`,
  validity: duration => `認証コードの有効時間は ${duration}です。`,
  reference: reference =>
    `識別記号：${reference}。メールが複数届いている場合は、識別記号が画面の表示と一致するメールの認証コードを入力してください。`,
  keepSecret: appName =>
    `この認証コードは誰にも教えないでください。${appName} の担当者が認証コードをお尋ねすることはありません。`,
  notYou:
    'このログインにお心当たりがない場合は、パスワードが第三者に知られている可能性があります。今すぐ変更してください。',
}

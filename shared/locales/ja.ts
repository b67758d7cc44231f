// The mail in Japanese.
import type { MailTexts } from './texts.ts'

export const ja: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `${appName} のサインインコード（${reference}）`,
  introduction: appName => `このコードを使って ${appName} にサインインしてください。`,
  minutes: count => `${count} 分`,
  validity: duration => `このコードの有効時間は ${duration}です。`,
  reference: reference =>
    `識別記号：${reference}。メールが複数届いている場合は、識別記号が画面の表示と一致するメールのコードを入力してください。`,
  keepSecret: appName =>
    `このコードは誰にも教えないでください。${appName} の担当者がコードをお尋ねすることはありません。`,
  notYou:
    'お心当たりがない場合は、パスワードが第三者に知られている可能性があります。今すぐ変更してください。',
}

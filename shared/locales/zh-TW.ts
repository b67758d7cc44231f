// The mail in Traditional Chinese.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly 'zh-TW': MailTexts
  }
}

export const zhTW: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `您的 ${appName} 登入驗證碼（${reference}）`,
  introduction: appName => `請使用此驗證碼登入 ${appName}。`,
  minutes: count => `${count} 分鐘`,
  validity: duration => `驗證碼於 ${duration}內有效。`,
  reference: reference => `編號：${reference}。如果收到多封郵件，請使用編號與螢幕顯示相同的郵件中的驗證碼。`,
  keepSecret: appName => `請勿向任何人透露此驗證碼。${appName} 的服務人員不會向您索取驗證碼。`,
  notYou: '若非您本人操作，表示他人已得知您的密碼，請立即變更密碼。',
}

// The mail in Simplified Chinese.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly 'zh-CN': MailTexts
  }
}

export const zhCN: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `您的 ${appName} 登录验证码（${reference}）`,
  introduction: appName => `请使用此验证码登录 ${appName}。`,
  minutes: count => `${count}分钟`,
  validity: duration => `验证码${duration}内有效。`,
  reference: reference => `编号：${reference}。如果收到多封邮件，请使用编号与屏幕显示一致的邮件中的验证码。`,
  keepSecret: appName => `请勿向任何人透露此验证码。${appName} 的工作人员不会向您索取验证码。`,
  notYou: '如非本人操作，说明您的密码已被他人获知，请立即修改密码。',
}

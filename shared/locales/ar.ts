// The mail in Arabic.
import type { MailTexts } from './texts.ts'

export const ar: MailTexts = {
  direction: 'rtl',
  subject: (code, appName, reference) => `${code} هو رمز تسجيل الدخول إلى ${appName} (${reference})`,
  introduction: appName => `رمزك لتسجيل الدخول إلى ${appName}:`,
  validity: duration => `مدة صلاحية الرمز: ${duration}.`,
  reference: reference =>
    `الرقم المرجعي: ${reference}. إذا وصلتك عدة رسائل، فاستخدم الرمز الوارد في الرسالة التي تحمل الرقم المرجعي الظاهر على شاشتك.`,
  keepSecret: appName => `لا تشارك هذا الرمز مع أحد. لن يطلبه منك أي شخص من ${appName}.`,
  notYou: 'لم تكن أنت؟ إذن هناك من يعرف كلمة مرورك. غيّرها الآن.',
}

// The mail in Arabic.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly ar: MailTexts
  }
}

export const ar: MailTexts = {
  direction: 'rtl',
  subject: (appName, reference) => `رمز تسجيل الدخول إلى ${appName} (${reference})`,
  introduction: appName => `استخدم هذا الرمز لتسجيل الدخول إلى ${appName}.`,
  minutes: count => {
    if (count === 1) return 'دقيقة'
    if (count === 2) return 'دقيقتان'
    return count <= 10 ? `${count} دقائق` : `${count} دقيقة`
  },
  validity: duration => `مدة صلاحية الرمز: ${duration}.`,
  reference: reference =>
    `المرجع: ${reference}. إذا وصلتك عدة رسائل، فاستخدم الرمز الوارد في الرسالة التي تحمل المرجع الظاهر على شاشتك.`,
  keepSecret: appName => `لا تشارك هذا الرمز مع أحد. لن يطلبه منك أي موظف في ${appName}.`,
  notYou: 'إذا لم تكن أنت من يسجّل الدخول، فهناك شخص آخر يعرف كلمة مرورك. غيّرها الآن.',
}

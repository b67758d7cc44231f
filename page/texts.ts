// The words of the sample page in English and Chinese.
import type { FailureReason } from '../client/sign-in.ts'
import type { CodeState, NewPasswordState } from '../client/sign-in-state.ts'

export type Language = 'en' | 'zh'

/** Words that stand still, in Chinese, by their name in `data-text`; the English ones stand in index.html. */
const STANDING_IN_CHINESE: Readonly<Record<string, string>> = {
  title: '先输入密码，再输入邮件验证码',
  subtitle: '这是本机上的 Cognito 用户池，供您试用。任何数据都不会离开本机。',
  progressPassword: '密码',
  progressNewPassword: '新密码',
  progressCode: '验证码',
  progressSignedIn: '已登录',
  tryAs: '选择一个用户试试',
  username: '邮箱地址',
  password: '密码',
  signIn: '登录',
  newPassword: '新密码',
  newPasswordHint: '至少 8 个字符，须包含大写字母、小写字母、数字和符号。',
  saveAndGoOn: '保存并继续',
  code: '验证码',
  goOn: '继续',
  startOver: '重新开始',
  resend: '发送新的验证码',
  claims: 'ID 令牌的内容',
  signOut: '退出登录',
  signOutOther: '让另一位用户退出登录',
  mailbox: '收件箱',
  mailboxLead: '用户池发出的每封邮件都会出现在这里。',
  noMail: '还没有邮件。',
  whatHappened: '发生了什么',
  whatHappenedLead: '本次登录的每个请求和每次触发器调用，按先后顺序排列。展开任意一行可查看内容。',
  laneBrowser: '浏览器',
  lanePool: 'Cognito',
  laneTriggers: '触发器',
  laneMailbox: '收件箱',
  nothingYet: '还没有内容。登录后即可看到。',
  footer: '仅供试用和测试的工具，只在本机上监听。',
}

interface Texts {
  /** What differs from index.html, by the name in `data-text`. */
  readonly standing: Readonly<Record<string, string>>
  readonly otherLanguage: string
  readonly languageTag: string
  readonly show: string
  readonly hide: string
  readonly working: string
  readonly stillWorking: string
  readonly poolMissing: string
  readonly userWithTemporaryPassword: string
  readonly userConfirmed: string
  readonly signedOutHeading: string
  readonly signedOutLead: string
  readonly fillInBoth: string
  readonly newPasswordHeading: string
  readonly newPasswordLead: (username: string) => string
  readonly newPasswordProblem: Record<NonNullable<NewPasswordState['problem']>, string>
  readonly codeHeading: Record<CodeState['kind'], string>
  readonly codeLead: (state: CodeState) => string
  readonly codeReason: Record<CodeState['reason'], string>
  readonly restartedWithoutMail: string
  readonly codeProblem: (state: CodeState) => Record<NonNullable<CodeState['problem']>, string>
  readonly attemptsLeft: (attempts: number) => string
  readonly validFor: (time: string) => string
  readonly expired: string
  readonly resendIn: (time: string) => string
  readonly noSendsLeft: string
  readonly signedInHeading: string
  readonly signedInLead: (username: string) => string
  readonly failedHeading: string
  readonly failure: Record<FailureReason, string>
  readonly mailArrived: (subject: string) => string
  readonly mailCounts: string
  readonly fillInCode: string
  readonly mailTitle: (subject: string) => string
  readonly callNames: Readonly<Record<string, string>>
  /** What a trigger says to Cognito. */
  readonly answers: Readonly<Record<string, string>>
  /** What Cognito says to the browser, by the name of the challenge. */
  readonly replies: Readonly<Record<string, string>>
  readonly takes: (milliseconds: number) => string
  readonly attempt: (attempt: number) => string
  readonly running: string
  readonly mailSent: string
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    standing: {},
    otherLanguage: '中文',
    languageTag: 'en',
    show: 'Show',
    hide: 'Hide',
    working: 'One moment …',
    stillWorking: 'Still working. This is slower than usual.',
    poolMissing: 'The local user pool does not answer. Is it running?',
    userWithTemporaryPassword: 'First sign-in, temporary password',
    userConfirmed: 'Has signed in before',
    signedOutHeading: 'Sign in',
    signedOutLead: 'Pick a user to fill in the form, or type.',
    fillInBoth: 'Please fill in both the e-mail address and the password.',
    newPasswordHeading: 'Choose a new password',
    newPasswordLead: username => `The password of ${username} is temporary. Choose your own.`,
    newPasswordProblem: {
      'weak-password': 'This password does not meet the rules below. Please choose another one.',
      'used-before': 'You have used this password before. Please choose another one.',
      'invalid-input': 'The pool does not accept what you filled in. Please check it.',
      network: 'No answer came back. Please try again.',
    },
    codeHeading: {
      'email-code': 'Check your mail',
      'email-otp': 'Check your mail',
      sms: 'Check your phone',
      totp: 'Open your authenticator app',
      custom: 'One more step',
    },
    codeLead: ({ kind, destination, codeLength, reference }) => {
      if (kind === 'totp') return 'Type the code that the app shows.'
      const code = codeLength === undefined ? 'A code' : `A code of ${codeLength} digits`
      const mark = reference ? ` The mail carries the reference ${reference}.` : ''
      return `${code} is on its way${destination === undefined ? '' : ` to ${destination}`}.${mark}`
    },
    codeReason: {
      first: '',
      'wrong-code': 'That is not the code.',
      expired: 'That code had expired. A new one has been sent.',
      resent: 'A new code has been sent. The earlier one no longer counts.',
      'resend-refused': 'It is too early for a new code. None was sent.',
      limited: 'Too many codes were sent lately. None was sent now. Please try again later.',
      restarted: 'The sign-in had to begin again. A new code has been sent, and only that one counts.',
    },
    restartedWithoutMail: 'The sign-in had to begin again. Please type the code the app shows now.',
    codeProblem: ({ codeLength }) => ({
      'incomplete-code':
        codeLength === undefined ? 'The code has digits only.' : `The code has ${codeLength} digits.`,
      network: 'No answer came back. Please try again.',
    }),
    attemptsLeft: attempts => (attempts === 1 ? 'One attempt left.' : `${attempts} attempts left.`),
    validFor: time => `Valid for ${time}.`,
    expired: 'This code has expired.',
    resendIn: time => `The next mail can be sent in ${time}.`,
    noSendsLeft: 'No more mails in this sign-in.',
    signedInHeading: 'You are signed in',
    signedInLead: username => `Welcome, ${username}.`,
    failedHeading: 'Please sign in again',
    failure: {
      'wrong-password': 'The e-mail address or the password is not right.',
      locked: 'Too many wrong passwords. Please wait a while before you try again.',
      expired: 'This sign-in could not be continued.',
      'too-many-codes': 'That was not the code, and there are no attempts left. Sign in again for a new one.',
      'mail-not-sent': 'The code could not be mailed. Please try again later.',
      network: 'The user pool could not be reached. Please try again.',
      'new-password-unclear':
        'It is not known whether the new password was saved. Sign in with it, or else with the former one.',
      'temporary-password-expired':
        'The temporary password is too old. An administrator has to set a new one.',
      'password-reset-required': 'An administrator asks you to reset your password.',
      'not-confirmed': 'This user has not been confirmed yet.',
      disabled: 'This user is disabled.',
      'another-user': 'Another user is signed in in this browser.',
      'unsupported-step': 'The pool asks for something that this page does not know.',
      'tokens-refused': 'The pool refused the sign-in at its end.',
      unknown: 'Something went wrong. Please try again.',
    },
    mailArrived: subject => `New mail: ${subject}`,
    mailCounts: 'Counts now',
    fillInCode: 'Fill in this code',
    mailTitle: subject => `Mail: ${subject}`,
    callNames: {
      InitiateAuth: 'Begin',
      RespondToAuthChallenge: 'Answer',
      PASSWORD_VERIFIER: 'proof of the password',
      NEW_PASSWORD_REQUIRED: 'new password',
      CUSTOM_CHALLENGE: 'code',
      EMAIL_OTP: 'code (Cognito’s own)',
      SMS_MFA: 'code (text message)',
      SOFTWARE_TOKEN_MFA: 'code (app)',
      SELECT_MFA_TYPE: 'choice of factor',
      DefineAuthChallenge: 'What comes next?',
      CreateAuthChallenge: 'Make a code',
      VerifyAuthChallengeResponse: 'Is it the code?',
      PreTokenGeneration: 'May tokens leave?',
      resend: 'new code, please',
      RevokeToken: 'Sign out',
    },
    answers: {
      tokens: 'tokens',
      refused: 'refuse',
      yes: 'yes',
      no: 'no',
      failed: 'failed',
      PASSWORD_VERIFIER: 'prove the password',
      CUSTOM_CHALLENGE: 'the code',
      first: 'sent',
      'wrong-code': 'the same code',
      expired: 'expired',
      resent: 'sent again',
      'resend-refused': 'not sent again',
    },
    replies: {
      PASSWORD_VERIFIER: 'Prove the password',
      NEW_PASSWORD_REQUIRED: 'Choose a new password',
      CUSTOM_CHALLENGE: 'Type the code',
      EMAIL_OTP: 'Type the code (Cognito’s own)',
      SOFTWARE_TOKEN_MFA: 'Type the code of the app',
      SMS_MFA: 'Type the code of the text message',
      SELECT_MFA_TYPE: 'Choose a factor',
      tokens: 'Here are the tokens',
      done: 'Done',
    },
    takes: milliseconds => `${milliseconds} ms`,
    attempt: attempt => `try ${attempt}`,
    running: 'running …',
    mailSent: 'mail with the code',
  },
  zh: {
    standing: STANDING_IN_CHINESE,
    otherLanguage: 'English',
    languageTag: 'zh-CN',
    show: '显示',
    hide: '隐藏',
    working: '请稍候……',
    stillWorking: '仍在处理，比平时慢一些。',
    poolMissing: '本机用户池没有响应。它在运行吗？',
    userWithTemporaryPassword: '首次登录，使用临时密码',
    userConfirmed: '曾经登录过',
    signedOutHeading: '登录',
    signedOutLead: '选择一个用户自动填写，或自行输入。',
    fillInBoth: '请填写邮箱地址和密码。',
    newPasswordHeading: '设置新密码',
    newPasswordLead: username => `${username} 的密码是临时密码，请设置您自己的密码。`,
    newPasswordProblem: {
      'weak-password': '该密码不符合下面的要求，请换一个。',
      'used-before': '您曾经用过这个密码，请换一个。',
      'invalid-input': '用户池不接受您填写的内容，请检查。',
      network: '没有收到回应，请重试。',
    },
    codeHeading: {
      'email-code': '请查收邮件',
      'email-otp': '请查收邮件',
      sms: '请查看手机短信',
      totp: '请打开身份验证器应用',
      custom: '还差一步',
    },
    codeLead: ({ kind, destination, codeLength, reference }) => {
      if (kind === 'totp') return '请输入应用中显示的验证码。'
      const code = codeLength === undefined ? '验证码' : `${codeLength} 位验证码`
      const mark = reference ? `邮件编号为 ${reference}。` : ''
      return `${code}已发送${destination === undefined ? '' : `至 ${destination}`}。${mark}`
    },
    codeReason: {
      first: '',
      'wrong-code': '验证码不正确。',
      expired: '该验证码已过期，已发送新的验证码。',
      resent: '已发送新的验证码，之前的验证码已失效。',
      'resend-refused': '现在还不能发送新的验证码，请稍候。',
      limited: '最近发送的验证码过多，这次未发送。请稍后再试。',
      restarted: '登录已重新开始，并发送了新的验证码，只有这个有效。',
    },
    restartedWithoutMail: '登录已重新开始，请输入应用中现在显示的验证码。',
    codeProblem: ({ codeLength }) => ({
      'incomplete-code': codeLength === undefined ? '验证码只包含数字。' : `验证码为 ${codeLength} 位数字。`,
      network: '没有收到回应，请重试。',
    }),
    attemptsLeft: attempts => `还可以尝试 ${attempts} 次。`,
    validFor: time => `${time} 内有效。`,
    expired: '该验证码已过期。',
    resendIn: time => `${time} 后可再次发送邮件。`,
    noSendsLeft: '本次登录不能再发送邮件。',
    signedInHeading: '您已登录',
    signedInLead: username => `欢迎，${username}。`,
    failedHeading: '请重新登录',
    failure: {
      'wrong-password': '邮箱地址或密码不正确。',
      locked: '密码错误次数过多，请稍后再试。',
      expired: '本次登录无法继续。',
      'too-many-codes': '验证码不正确，且没有剩余次数。请重新登录以获取新的验证码。',
      'mail-not-sent': '验证码邮件未能发出，请稍后再试。',
      network: '无法连接用户池，请重试。',
      'new-password-unclear': '无法确定新密码是否已保存。请先用新密码登录，不行再用原来的密码。',
      'temporary-password-expired': '临时密码已过期，需要管理员重新设置。',
      'password-reset-required': '管理员要求您重置密码。',
      'not-confirmed': '该用户尚未确认。',
      disabled: '该用户已被停用。',
      'another-user': '此浏览器中已有另一位用户登录。',
      'unsupported-step': '用户池要求执行此页面不支持的步骤。',
      'tokens-refused': '用户池在最后一步拒绝了登录。',
      unknown: '出现问题，请重试。',
    },
    mailArrived: subject => `新邮件：${subject}`,
    mailCounts: '当前有效',
    fillInCode: '填入此验证码',
    mailTitle: subject => `邮件：${subject}`,
    callNames: {
      InitiateAuth: '开始登录',
      RespondToAuthChallenge: '回答',
      PASSWORD_VERIFIER: '密码证明',
      NEW_PASSWORD_REQUIRED: '新密码',
      CUSTOM_CHALLENGE: '验证码',
      EMAIL_OTP: '验证码（Cognito 自带）',
      SMS_MFA: '验证码（短信）',
      SOFTWARE_TOKEN_MFA: '验证码（应用）',
      SELECT_MFA_TYPE: '选择方式',
      DefineAuthChallenge: '下一步是什么？',
      CreateAuthChallenge: '生成验证码',
      VerifyAuthChallengeResponse: '验证码对吗？',
      PreTokenGeneration: '可以发放令牌吗？',
      resend: '请求新验证码',
      RevokeToken: '退出登录',
    },
    answers: {
      tokens: '令牌',
      refused: '拒绝',
      yes: '是',
      no: '否',
      failed: '失败',
      PASSWORD_VERIFIER: '证明密码',
      CUSTOM_CHALLENGE: '验证码',
      first: '已发送',
      'wrong-code': '沿用原验证码',
      expired: '已过期',
      resent: '已重新发送',
      'resend-refused': '未重新发送',
    },
    replies: {
      PASSWORD_VERIFIER: '请证明密码',
      NEW_PASSWORD_REQUIRED: '请设置新密码',
      CUSTOM_CHALLENGE: '请输入验证码',
      EMAIL_OTP: '请输入验证码（Cognito 自带）',
      SOFTWARE_TOKEN_MFA: '请输入应用中的验证码',
      SMS_MFA: '请输入短信验证码',
      SELECT_MFA_TYPE: '请选择方式',
      tokens: '这是令牌',
      done: '完成',
    },
    takes: milliseconds => `${milliseconds} 毫秒`,
    attempt: attempt => `第 ${attempt} 次`,
    running: '进行中……',
    mailSent: '含验证码的邮件',
  },
}

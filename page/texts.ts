// The texts of the sample page in English and Chinese.
import type { CodeState, FailureReason, NewPasswordState, PasswordRequirement } from '../client/sign-in.ts'

export type Language = 'en' | 'zh'

/** What the standard attributes of OpenID Connect are called: all that a pool can require of its users. */
const ATTRIBUTE_LABELS: Readonly<Record<string, Record<Language, string>>> = {
  address: { en: 'Postal address', zh: '通信地址' },
  birthdate: { en: 'Date of birth', zh: '出生日期' },
  email: { en: 'E-mail address', zh: '邮箱地址' },
  family_name: { en: 'Family name', zh: '姓' },
  gender: { en: 'Gender', zh: '性别' },
  given_name: { en: 'Given name', zh: '名' },
  locale: { en: 'Language', zh: '语言' },
  middle_name: { en: 'Middle name', zh: '中间名' },
  name: { en: 'Full name', zh: '姓名' },
  nickname: { en: 'Nickname', zh: '昵称' },
  phone_number: { en: 'Phone number', zh: '电话号码' },
  picture: { en: 'Address of a picture', zh: '头像网址' },
  preferred_username: { en: 'Preferred user name', zh: '常用用户名' },
  profile: { en: 'Address of a profile page', zh: '个人主页网址' },
  updated_at: { en: 'Time of the last update', zh: '最近更新时间' },
  website: { en: 'Website', zh: '网站' },
  zoneinfo: { en: 'Time zone', zh: '时区' },
}

/** Texts that stay the same, in Chinese, by their name in `data-text`; the English ones stand in index.html. */
const FIXED_IN_CHINESE: Readonly<Record<string, string>> = {
  title: '先输入密码，再输入邮件验证码',
  subtitle: '这是本机上的 Cognito 用户池，仅供试用和测试。任何数据都不会离开本机。',
  steps: '本次登录的步骤',
  stepPassword: '密码',
  stepNewPassword: '新密码',
  stepCode: '验证码',
  tryAs: '选择一个用户试试',
  newUser: '新建首次登录的用户',
  username: '邮箱地址',
  password: '密码',
  showPassword: '显示密码',
  signIn: '登录',
  newPassword: '新密码',
  newPasswordHint: '至少 8 个字符，须包含大写字母、小写字母、数字和符号。',
  saveAndContinue: '保存并继续',
  continue: '继续',
  startOver: '重新开始',
  cancel: '取消',
  resend: '重新发送验证码',
  claims: 'ID 令牌中的声明',
  signOut: '退出登录',
  signOutOther: '让另一位用户退出登录',
  mailbox: '收件箱',
  mailboxLead: '用户池最近发出的十封邮件。',
  noMail: '还没有邮件。登录时，验证码会出现在这里。',
  showMail: '查看',
  problem: '重现这个问题',
  problemLead: '同样的登录做两遍：每次都用新用户、正确的密码和正确的验证码，并且每次都连点两下“继续”。',
  runProblem: '运行',
  wayAmplify: '只用 Amplify',
  wayDriver: '使用本项目的驱动',
  whyAmplify: '两次点击发送的是同一个会话。Cognito 的每个会话只能用一次，所以第二次失败，应用显示这个错误。',
  whyDriver: '驱动对每个会话只发送一次回答，第二次点击得到第一次的结果。',
  faults: '模拟故障',
  faultsLead: '打开某个开关，再登录，看看结果如何。',
  faultLostAnswer: '丢失下一个响应',
  faultLostAnswerHint: '用户池会处理下一次质询回答，然后连接中断。',
  faultSlowTrigger: '触发器变慢',
  faultSlowTriggerHint:
    'Create Auth Challenge 有一次需要 6 秒。Cognito 等待 5 秒后会再次调用：共发出两封邮件。',
  faultRefuseMail: '拒绝发送邮件',
  faultRefuseMailHint: '关闭此开关之前，SES 拒绝每封邮件。',
  faultWrongClock: '时钟不准',
  faultWrongClockHint: '本设备的时钟比 Cognito 快 10 分钟。',
  faultNewPassword: '设置新密码后的下一步',
  faultNewPasswordHint:
    'AWS 没有公开接下来调用哪个触发器。无论哪种情况，首次登录都会要求验证码：直接发放的令牌会被守卫触发器拒绝。',
  afterDefine: 'Define，条目不变',
  afterDefineWithEntry: 'Define，多一个条目',
  afterDefineFirst: '直接 Create',
  afterTokens: '直接发放令牌',
  faultExpireField: '进行中的登录',
  faultExpire: '让会话过期',
  faultExpireHint: '如同三分钟没有回答。先登录到输入验证码这一步，点击此按钮，再输入验证码。',
  faultReset: '全部关闭',
  whatHappened: '发生了什么',
  whatHappenedLead: '本次登录的每个请求和每次触发器调用，按先后顺序排列。展开任意一行可查看内容。',
  laneBrowser: '浏览器',
  laneTriggers: '触发器',
  laneMailbox: '收件箱',
  nothingYet: '还没有内容。登录后，请求会显示在这里。',
  footer: '仅供试用和测试，只在本机上监听。',
}

export interface Texts {
  /** What differs from index.html, by the name in `data-text` or `data-label`. */
  readonly fixed: Readonly<Record<string, string>>
  readonly otherLanguage: string
  readonly languageTag: string
  readonly working: string
  readonly stillWorking: string
  readonly poolMissing: string
  readonly userFirst: string
  readonly userConfirmed: string
  readonly signedOutHeading: string
  readonly signedOutLead: string
  readonly fillInBoth: string
  readonly fillInNewPassword: string
  readonly fillInAll: string
  readonly newPasswordHeading: string
  readonly newPasswordLead: (username: string) => string
  readonly newPasswordProblem: Record<NonNullable<NewPasswordState['problem']>, string>
  readonly unmetRequirement: Record<PasswordRequirement, string>
  readonly chooseAnother: string
  /** The label of a user's attribute; one that is not standard keeps its own name. */
  readonly attributeLabel: (name: string) => string
  readonly attributeExample: (value: string) => string
  readonly code: string
  /** What the challenge of other triggers asks for. */
  readonly answer: string
  readonly codeHeading: Record<CodeState['kind'], string>
  readonly limitedHeading: string
  /** With the time of day; without it a code can be sent now. */
  readonly limitedLead: (time: string | undefined) => string
  readonly codeLead: (state: CodeState) => string
  readonly codeReason: Record<CodeState['reason'], string>
  /** What is different for the challenge of other triggers, which sends no mail that the page knows of. */
  readonly customReason: Partial<Record<CodeState['reason'], string>>
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
  readonly newPasswordSaved: string
  readonly betweenSentences: string
  readonly mailArrived: (subject: string) => string
  readonly mailCounts: string
  readonly fillInCode: string
  readonly mailTitle: (subject: string) => string
  readonly newMails: (count: number) => string
  readonly signedInShort: string
  readonly click: (number: number) => string
  readonly beforeClicks: string
  readonly notRun: string
  readonly clickError: string
  readonly faultsOn: (count: number) => string
  readonly faultNote: Record<'expired' | 'failed', string>
  readonly onlyNewest: (count: number) => string
  /** What is done, and with what: `Answer: code`. */
  readonly labelled: (what: string, detail: string) => string
  /** A question to a trigger and its answer. */
  readonly answered: (question: string, answer: string) => string
  readonly callNames: Readonly<Record<string, string>>
  /** What a trigger says to Cognito. */
  readonly answers: Readonly<Record<string, string>>
  /** What Cognito says to the browser, by the name of the challenge. */
  readonly replies: Readonly<Record<string, string>>
  readonly lostOnTheWay: string
  readonly takes: (milliseconds: number) => string
  readonly attempt: (attempt: number) => string
  readonly running: string
  readonly mailSent: string
  /** Of a mail, by a trigger for which Cognito no longer waited. */
  readonly tooLate: string
  readonly noAnswerWithin: (seconds: string) => string
}

/** What the triggers sent; Cognito itself adds USERNAME. */
function listed(parameters: Readonly<Record<string, string>>): string {
  const sent = Object.entries(parameters).filter(([name]) => name !== 'USERNAME')
  return sent.length === 0 ? '–' : sent.map(([name, value]) => `${name} = ${value}`).join(', ')
}

function digitsOf(codeLength: number | undefined): string {
  return codeLength === undefined ? 'Enter the digits of the code.' : `The code has ${codeLength} digits.`
}

function digitsInChinese(codeLength: number | undefined): string {
  return codeLength === undefined ? '请输入验证码的数字。' : `验证码为 ${codeLength} 位数字。`
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    fixed: {},
    otherLanguage: '中文',
    languageTag: 'en',
    working: 'One moment…',
    stillWorking: 'Still working. This is slower than usual.',
    poolMissing: 'The local user pool does not answer. Start it, then reload this page.',
    userFirst: 'First sign-in',
    userConfirmed: 'Has a password',
    signedOutHeading: 'Sign in',
    signedOutLead: 'Choose a user to fill in the form, or type.',
    fillInBoth: 'Enter both the e-mail address and the password.',
    fillInNewPassword: 'Enter a new password.',
    fillInAll: 'Fill in every field.',
    newPasswordHeading: 'Choose a new password',
    newPasswordLead: username => `The password of ${username} is temporary. Choose your own.`,
    newPasswordProblem: {
      'weak-password': 'This password does not meet the rules below. Choose another one.',
      'used-before': 'You have used this password before. Choose another one.',
      'invalid-input': 'The pool does not accept these values. Check them.',
      network: 'No answer from the user pool. Try again.',
    },
    unmetRequirement: {
      length: 'This password is too short.',
      uppercase: 'This password has no uppercase letter.',
      lowercase: 'This password has no lowercase letter.',
      number: 'This password has no digit.',
      symbol: 'This password has no symbol.',
      'not-compromised': 'This password is on a list of known passwords.',
    },
    chooseAnother: 'Choose another one.',
    attributeLabel: name => ATTRIBUTE_LABELS[name]?.en ?? name,
    attributeExample: value => `For example ${value}`,
    code: 'Code',
    answer: 'Answer',
    codeHeading: {
      'email-code': 'Check your mail',
      'email-otp': 'Check your mail',
      sms: 'Check your phone',
      totp: 'Open your authenticator app',
      custom: 'One more step',
    },
    limitedHeading: 'No code was sent',
    limitedLead: time =>
      time === undefined ? 'A new code can be sent now.' : `A new code can be sent after ${time}.`,
    codeLead: ({ kind, destination, codeLength, reference, parameters = {} }) => {
      if (kind === 'totp') return 'Enter the code that the app shows.'
      if (kind === 'custom') return `Parameters of the challenge: ${listed(parameters)}`
      const code = codeLength === undefined ? 'A code' : `A code of ${codeLength} digits`
      const mark = reference ? ` The subject of the mail contains ${reference}.` : ''
      return `${code} was sent${destination === undefined ? '' : ` to ${destination}`}.${mark}`
    },
    codeReason: {
      first: '',
      'wrong-code': 'That code is not correct.',
      expired: 'That code had expired. A new one was sent.',
      resent: 'A new code was sent. The earlier one is no longer valid.',
      'resend-refused': 'It is too early for a new code. No mail was sent.',
      restarted: 'The sign-in was restarted. A new code was sent; only that one is valid.',
      limited: 'Too many codes were requested for this user. No mail was sent.',
    },
    customReason: {
      'wrong-code': 'The triggers of this pool ask again.',
      restarted: 'The sign-in was restarted.',
    },
    restartedWithoutMail: 'The sign-in was restarted. Enter the code that the app shows now.',
    codeProblem: ({ kind, codeLength }) => ({
      'incomplete-code': kind === 'custom' ? 'Enter an answer.' : digitsOf(codeLength),
      network: 'No answer from the user pool. Try again.',
    }),
    attemptsLeft: attempts => (attempts === 1 ? '1 attempt left.' : `${attempts} attempts left.`),
    validFor: time => `Valid for ${time}.`,
    expired: 'This code has expired.',
    resendIn: time => `A new code can be sent in ${time}.`,
    noSendsLeft: 'No more codes can be sent in this sign-in.',
    signedInHeading: 'You are signed in',
    signedInLead: username => `Welcome, ${username}.`,
    failedHeading: 'Please sign in again',
    failure: {
      'wrong-password': 'The e-mail address or the password is not correct.',
      locked: 'Too many wrong passwords. Wait a while before you try again.',
      expired: 'This sign-in has expired.',
      'too-many-codes': 'That code is not correct, and no attempts are left. Sign in again to get a new one.',
      'mail-not-sent': 'The mail with the code could not be sent. Try again later.',
      network: 'The user pool could not be reached. Try again.',
      'new-password-unclear':
        'The new password may or may not have been saved. Try it first, then the previous one.',
      'temporary-password-expired':
        'The temporary password has expired. An administrator has to set a new one.',
      'password-reset-required': 'Your password has to be reset. This page cannot do that.',
      'not-confirmed': 'This user has not been confirmed yet. Confirm the sign-up first.',
      disabled: 'This user is disabled. An administrator has to enable it.',
      'another-user': 'Another user is signed in in this browser.',
      'unsupported-step': 'The pool asks for a step that this page does not support.',
      'tokens-refused': 'The pool refused to issue tokens.',
      unknown: 'Something went wrong. Try again.',
    },
    newPasswordSaved: 'Your new password is saved. Sign in with it.',
    betweenSentences: ' ',
    mailArrived: subject => `New mail: ${subject}`,
    mailCounts: 'Valid now',
    fillInCode: 'Fill in this code',
    mailTitle: subject => `Mail: ${subject}`,
    newMails: count => (count === 1 ? '1 new mail' : `${count} new mails`),
    signedInShort: 'Signed in',
    click: number => `Click ${number}`,
    beforeClicks: 'Before the clicks',
    notRun: 'Not run yet',
    clickError: 'Error',
    faultsOn: count => `${count} on`,
    faultNote: {
      expired: 'Every open session has expired.',
      failed: 'The pool did not accept this change.',
    },
    onlyNewest: count => `Only the newest ${count} requests are shown.`,
    labelled: (what, detail) => `${what}: ${detail}`,
    answered: (question, answer) => `${question} — ${answer}`,
    callNames: {
      InitiateAuth: 'Start',
      RespondToAuthChallenge: 'Answer',
      PASSWORD_VERIFIER: 'proof of the password',
      NEW_PASSWORD_REQUIRED: 'new password',
      CUSTOM_CHALLENGE: 'code',
      EMAIL_OTP: 'code (Cognito’s own)',
      SMS_MFA: 'code (text message)',
      SOFTWARE_TOKEN_MFA: 'code (app)',
      SELECT_MFA_TYPE: 'choice of factor',
      DefineAuthChallenge: 'What is the next step?',
      CreateAuthChallenge: 'Create a code',
      VerifyAuthChallengeResponse: 'Is the code correct?',
      PreTokenGeneration: 'Issue the tokens?',
      resend: 'new code',
      RevokeToken: 'Sign out',
    },
    answers: {
      tokens: 'tokens',
      refused: 'refuse',
      yes: 'yes',
      no: 'no',
      'asks-again': 'no, a new one is asked for',
      PASSWORD_VERIFIER: 'prove the password',
      CUSTOM_CHALLENGE: 'the code',
      first: 'sent',
      'wrong-code': 'the same code',
      expired: 'expired',
      resent: 'sent again',
      'resend-refused': 'not sent again',
      limited: 'limit reached, not sent',
    },
    replies: {
      PASSWORD_VERIFIER: 'Prove the password',
      NEW_PASSWORD_REQUIRED: 'Choose a new password',
      CUSTOM_CHALLENGE: 'Enter the code',
      EMAIL_OTP: 'Enter the code (Cognito’s own)',
      SOFTWARE_TOKEN_MFA: 'Enter the code of the app',
      SMS_MFA: 'Enter the code of the text message',
      SELECT_MFA_TYPE: 'Choose a factor',
      tokens: 'Here are the tokens',
      done: 'Done',
    },
    lostOnTheWay: 'lost on the way',
    takes: milliseconds => `${milliseconds} ms`,
    attempt: attempt => `try ${attempt}`,
    running: 'running…',
    mailSent: 'Mail with the code',
    tooLate: 'too late, not valid',
    noAnswerWithin: seconds => `no answer within ${seconds} s`,
  },
  zh: {
    fixed: FIXED_IN_CHINESE,
    otherLanguage: 'English',
    languageTag: 'zh-CN',
    working: '请稍候……',
    stillWorking: '仍在处理，比平时慢一些。',
    poolMissing: '本机用户池没有响应。请启动它，然后重新加载此页面。',
    userFirst: '首次登录',
    userConfirmed: '已有密码',
    signedOutHeading: '登录',
    signedOutLead: '选择一个用户自动填写，或自行输入。',
    fillInBoth: '请填写邮箱地址和密码。',
    fillInNewPassword: '请填写新密码。',
    fillInAll: '请填写每一项。',
    newPasswordHeading: '设置新密码',
    newPasswordLead: username => `${username} 的密码是临时密码，请设置您自己的密码。`,
    newPasswordProblem: {
      'weak-password': '该密码不符合下面的要求，请换一个。',
      'used-before': '您曾经用过这个密码，请换一个。',
      'invalid-input': '用户池不接受您填写的内容，请检查。',
      network: '没有收到回应，请重试。',
    },
    unmetRequirement: {
      length: '这个密码太短。',
      uppercase: '这个密码没有大写字母。',
      lowercase: '这个密码没有小写字母。',
      number: '这个密码没有数字。',
      symbol: '这个密码没有符号。',
      'not-compromised': '这个密码已出现在泄露的密码列表中。',
    },
    chooseAnother: '请换一个。',
    attributeLabel: name => ATTRIBUTE_LABELS[name]?.zh ?? name,
    attributeExample: value => `例如 ${value}`,
    code: '验证码',
    answer: '回答',
    codeHeading: {
      'email-code': '请查收邮件',
      'email-otp': '请查收邮件',
      sms: '请查看手机短信',
      totp: '请打开身份验证器应用',
      custom: '还有一步',
    },
    limitedHeading: '未发送验证码',
    limitedLead: time =>
      time === undefined ? '现在可以重新发送验证码。' : `${time} 之后可以重新发送验证码。`,
    codeLead: ({ kind, destination, codeLength, reference, parameters = {} }) => {
      if (kind === 'totp') return '请输入应用中显示的验证码。'
      if (kind === 'custom') return `质询的参数：${listed(parameters)}`
      const code = codeLength === undefined ? '验证码' : `${codeLength} 位验证码`
      const mark = reference ? `邮件主题中有编号 ${reference}。` : ''
      return `${code}已发送${destination === undefined ? '' : `至 ${destination}`}。${mark}`
    },
    codeReason: {
      first: '',
      'wrong-code': '验证码不正确。',
      expired: '该验证码已过期，已发送新的验证码。',
      resent: '已发送新的验证码，之前的验证码已失效。',
      'resend-refused': '现在还不能发送新的验证码，邮件未发出。',
      restarted: '登录已重新开始，新的验证码已发送，只有它有效。',
      limited: '该用户请求验证码的次数过多，邮件未发出。',
    },
    customReason: {
      'wrong-code': '用户池的触发器再次提问。',
      restarted: '登录已重新开始。',
    },
    restartedWithoutMail: '登录已重新开始，请输入应用中现在显示的验证码。',
    codeProblem: ({ kind, codeLength }) => ({
      'incomplete-code': kind === 'custom' ? '请填写回答。' : digitsInChinese(codeLength),
      network: '没有收到回应，请重试。',
    }),
    attemptsLeft: attempts => `还可以尝试 ${attempts} 次。`,
    validFor: time => `${time} 内有效。`,
    expired: '该验证码已过期。',
    resendIn: time => `${time} 后可重新发送验证码。`,
    noSendsLeft: '本次登录不能再发送验证码。',
    signedInHeading: '您已登录',
    signedInLead: username => `欢迎，${username}。`,
    failedHeading: '请重新登录',
    failure: {
      'wrong-password': '邮箱地址或密码不正确。',
      locked: '密码错误次数过多，请稍后再试。',
      expired: '本次登录已过期。',
      'too-many-codes': '验证码不正确，且没有剩余次数。请重新登录以获取新的验证码。',
      'mail-not-sent': '验证码邮件未能发出，请稍后再试。',
      network: '无法连接用户池，请重试。',
      'new-password-unclear': '新密码可能已保存，也可能未保存。请先用新密码登录，不行再用原来的密码。',
      'temporary-password-expired': '临时密码已过期，需要管理员重新设置。',
      'password-reset-required': '需要重置您的密码，此页面无法完成重置。',
      'not-confirmed': '该用户尚未确认，请先确认注册。',
      disabled: '该用户已被停用，需要管理员启用。',
      'another-user': '此浏览器中已有另一位用户登录。',
      'unsupported-step': '用户池要求执行此页面不支持的步骤。',
      'tokens-refused': '用户池拒绝发放令牌。',
      unknown: '出现问题，请重试。',
    },
    newPasswordSaved: '新密码已保存，请用新密码登录。',
    betweenSentences: '',
    mailArrived: subject => `新邮件：${subject}`,
    mailCounts: '当前有效',
    fillInCode: '填入此验证码',
    mailTitle: subject => `邮件：${subject}`,
    newMails: count => `${count} 封新邮件`,
    signedInShort: '已登录',
    click: number => `第 ${number} 次点击`,
    beforeClicks: '点击之前',
    notRun: '尚未运行',
    clickError: '出错',
    faultsOn: count => `已打开 ${count} 项`,
    faultNote: {
      expired: '所有打开的会话都已过期。',
      failed: '用户池没有接受这一更改。',
    },
    onlyNewest: count => `只显示最近的 ${count} 个请求。`,
    labelled: (what, detail) => `${what}：${detail}`,
    answered: (question, answer) => `${question}${question.endsWith('？') ? '' : '：'}${answer}`,
    callNames: {
      InitiateAuth: '开始',
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
      VerifyAuthChallengeResponse: '验证码是否正确？',
      PreTokenGeneration: '是否发放令牌？',
      resend: '重新发送验证码',
      RevokeToken: '退出登录',
    },
    answers: {
      tokens: '令牌',
      refused: '拒绝',
      yes: '是',
      no: '否',
      'asks-again': '否，要求新的验证码',
      PASSWORD_VERIFIER: '证明密码',
      CUSTOM_CHALLENGE: '验证码',
      first: '已发送',
      'wrong-code': '沿用原验证码',
      expired: '已过期',
      resent: '已重新发送',
      'resend-refused': '未重新发送',
      limited: '已达上限，未发送',
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
    lostOnTheWay: '途中丢失',
    takes: milliseconds => `${milliseconds} 毫秒`,
    attempt: attempt => `第 ${attempt} 次`,
    running: '进行中……',
    mailSent: '含验证码的邮件',
    tooLate: '太迟，无效',
    noAnswerWithin: seconds => `${seconds} 秒内没有响应`,
  },
}

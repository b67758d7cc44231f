// What migrate enable plans: MFA for those who have a factor, the mail with the code, and what it refuses.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type JsonObject, member, objectAt } from '../../command/json.ts'
import { LOCALES, type Locale, MAIL_TEXTS } from '../../shared/locales.ts'
import { type InProcessStandIn, inProcessStandIn } from '../../testing/aws-stand-in.ts'
import { ARNS, POOL_ID, poolBeforeAttach } from '../../testing/example-pool.ts'
import { type EnableOptions, mailOf, mfaOf, planEnable } from './enable.ts'

const SES = { EmailSendingAccount: 'DEVELOPER', From: 'Example <no-reply@example.com>' }
const OPTIONS: EnableOptions = {
  userPoolId: POOL_ID,
  locale: 'en',
  appName: undefined,
  changeRecovery: undefined,
}

let pool: InProcessStandIn
beforeEach(() => {
  const state = poolBeforeAttach()
  state.userPool['EmailConfiguration'] = SES
  pool = inProcessStandIn(state)
})

const planned = (options: Partial<EnableOptions> = {}) => planEnable(pool.aws, { ...OPTIONS, ...options })
const recoverBy = (...names: string[]) => ({
  RecoveryMechanisms: names.map((Name, index) => ({ Priority: index + 1, Name })),
})
const setRecovery = (setting: JsonObject) => {
  pool.state.userPool['AccountRecoverySetting'] = setting
}

const RESET =
  'Users with the e-mail factor cannot reset a forgotten password by e-mail any more (developer guide, "Passwords, ' +
  'account recovery, and password policies"). Only users who are moved are affected.'
const LANGUAGE =
  'The mail is in one language for everyone (en). A Custom message trigger can write it for each user.'
const NOTES = [RESET, LANGUAGE, 'No user is asked for it until migrate users moves them.']

describe('the e-mail factor', () => {
  test('is on for those who have it, and nothing else changes', async () => {
    const plan = await planned()
    expect(plan).toMatchObject({
      command: 'migrate enable',
      userPoolId: POOL_ID,
      notes: NOTES,
      triggers: {},
    })
    expect(plan.to).toEqual({
      userPool: { ...plan.from.userPool, MfaConfiguration: 'OPTIONAL' },
      mfa: { MfaConfiguration: 'OPTIONAL', EmailMfaConfiguration: mailOf('en', 'Example') },
      clients: plan.from.clients,
    })
    expect(plan).not.toHaveProperty('refusal')
  })

  test('brings no factor along that was described while MFA was off', async () => {
    pool.state.mfa = { MfaConfiguration: 'OFF', SmsMfaConfiguration: { SmsAuthenticationMessage: 'old' } }
    expect((await planned()).to.mfa).toEqual({
      MfaConfiguration: 'OPTIONAL',
      EmailMfaConfiguration: mailOf('en', 'Example'),
    })
  })

  test.each([
    ['OPTIONAL', 'No user is asked for it until migrate users moves them.'],
    ['ON', 'MFA is required in this pool already: every user without a factor gets it at the next sign-in.'],
  ])('stands beside the factors of a pool whose MFA is %s', async (MfaConfiguration, note) => {
    const SoftwareTokenMfaConfiguration = { Enabled: true }
    pool.state.mfa = { MfaConfiguration, SoftwareTokenMfaConfiguration }
    pool.state.userPool['MfaConfiguration'] = MfaConfiguration
    const { to, notes } = await planned()
    expect(to.userPool['MfaConfiguration']).toBe(MfaConfiguration)
    expect(to.mfa).toEqual({
      MfaConfiguration,
      SoftwareTokenMfaConfiguration,
      EmailMfaConfiguration: mailOf('en', 'Example'),
    })
    expect(notes).toEqual([RESET, LANGUAGE, note])
  })

  test('is planned with a note where the import jobs could not be read', async () => {
    pool.interfere = operation => (operation === 'ListUserImportJobs' ? 'deny' : undefined)
    expect((await planned()).notes).toEqual([
      expect.stringContaining('import jobs were not checked'),
      ...NOTES,
    ])
  })
})

describe('nothing is planned', () => {
  test('while users are imported', async () => {
    pool.state.importJobs = [{ JobId: 'import-1', Status: 'Stopping' }]
    await expect(planned()).rejects.toMatchObject({ code: 'import-running' })
  })

  test('without the MFA configuration', async () => {
    pool.interfere = operation => (operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined)
    await expect(planned()).rejects.toMatchObject({
      code: 'mfa-unreadable',
      message:
        'The MFA configuration of the pool could not be read (cognito-idp:GetUserPoolMfaConfig). Nothing was changed.',
    })
    expect(mfaOf({ userPool: {}, mfa: { MfaConfiguration: 'OFF' }, clients: {} })).toEqual({
      MfaConfiguration: 'OFF',
    })
  })

  test('on the Lite plan', async () => {
    pool.state.userPool['UserPoolTier'] = 'LITE'
    await expect(planned()).rejects.toMatchObject({
      code: 'plan-without-email-mfa',
      message:
        'The pool is on the Lite plan, which has no e-mail MFA. Nothing was changed. Change the plan to Essentials or Plus first ' +
        '(Amazon Cognito console, Settings, Feature plans); it costs more for each user.',
    })
  })

  test.each([{}, { EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' } }])(
    'without a sender of its own: %j',
    async members => {
      const { EmailConfiguration: _, ...userPool } = pool.state.userPool
      pool.state.userPool = { ...userPool, ...members }
      await expect(planned({ appName: 'Example' })).rejects.toMatchObject({
        code: 'sender-missing',
        message:
          'The pool sends its mail with the default account of Cognito, and e-mail MFA needs Amazon SES. Nothing was changed. Set ' +
          'a verified sender first (Amazon Cognito console, Authentication methods, Email, Send email with Amazon SES).',
      })
    },
  )
})

describe('the way to recover an account', () => {
  const refusal = {
    code: 'recovery-by-email-only',
    message:
      'E-mail is the only way to recover an account in this pool, and Cognito does not send the code of a second factor and that ' +
      'of a reset to one mailbox. Nothing was changed. Pass --change-recovery phone (text message first, then e-mail) or ' +
      '--change-recovery admin (an administrator resets passwords).',
  }

  test.each([[['verified_email']], [['verified_email', 'verified_email']]])(
    'may not be %j alone',
    async names => {
      setRecovery(recoverBy(...names))
      await expect(planned()).rejects.toMatchObject(refusal)
    },
  )

  test.each<JsonObject>([
    recoverBy('verified_phone_number', 'verified_email'),
    recoverBy('verified_email', 'verified_phone_number'),
    recoverBy('admin_only'),
    recoverBy(),
    {},
  ])('stays where it is %j', async setting => {
    setRecovery(setting)
    expect((await planned()).to.userPool['AccountRecoverySetting']).toEqual(setting)
  })

  test('stays absent where it is', async () => {
    expect((await planned()).to.userPool).not.toHaveProperty('AccountRecoverySetting')
  })

  test.each([
    ['phone', recoverBy('verified_phone_number', 'verified_email')],
    ['admin', recoverBy('admin_only')],
  ] as const)('becomes %s where that was asked for', async (changeRecovery, setting) => {
    setRecovery(recoverBy('verified_email'))
    expect((await planned({ changeRecovery })).to.userPool['AccountRecoverySetting']).toEqual(setting)
  })
})

describe('the deployed Define', () => {
  const setDefine = (NATIVE_MFA: string) => {
    pool.state.userPool['LambdaConfig'] = { DefineAuthChallenge: ARNS.DefineAuthChallenge }
    Object.assign(
      objectAt(
        member(pool.state.functions, ARNS.DefineAuthChallenge),
        'configuration',
        'Environment',
        'Variables',
      ),
      { NATIVE_MFA },
    )
  }

  test.each(['', 'accept-email', 'accept-any'])('is fine with NATIVE_MFA=%s', async setting => {
    setDefine(setting)
    const plan = await planned()
    expect(plan.notes).toEqual(NOTES)
    expect(plan).not.toHaveProperty('refusal')
  })

  test('that would ask for its own code as well has to be deployed otherwise first', async () => {
    setDefine('ask')
    const { refusal, notes } = await planned()
    expect(notes).toEqual(NOTES)
    expect(refusal).toMatchObject({
      code: 'native-factor-ignored',
      message:
        `NATIVE_MFA of ${ARNS.DefineAuthChallenge} is ask: users who are moved would enter two codes, Cognito's and that of the ` +
        'triggers. Nothing was changed. Set NATIVE_MFA to accept-email (parameter NativeMfa of template.yaml), deploy it, and run ' +
        'this command again.',
    })
  })

  test('that could not be read is a note', async () => {
    setDefine('ask')
    pool.interfere = operation => (operation === 'GetFunctionConfiguration' ? 'deny' : undefined)
    expect((await planned()).notes).toEqual([
      `NATIVE_MFA of ${ARNS.DefineAuthChallenge} could not be read (AccessDeniedException: not authorized to perform GetFunctionConfiguration). ` +
        "If it is ask, users who are moved enter two codes, Cognito's and that of the triggers: set it to accept-email first.",
      ...NOTES,
    ])
  })

  test('is all that is read of the functions', async () => {
    setDefine('ask')
    await planned()
    expect(pool.calls.map(({ operation }) => operation)).toContain('GetFunctionConfiguration')
    expect(pool.calls.map(({ operation }) => operation)).not.toContain('GetPolicy')
  })
})

describe('the name in the mail', () => {
  const subjectFrom = async (From: string | null, appName?: string) => {
    pool.state.userPool['EmailConfiguration'] = { ...SES, From }
    const { to } = await planned({ appName })
    return member(to.mfa ?? {}, 'EmailMfaConfiguration', 'Subject')
  }

  test.each([
    ['Example <no-reply@example.com>', 'Example'],
    ['  "My App"  <no-reply@example.com>', 'My App'],
    ['A <no-reply@example.com>', 'A'],
    ['My App<no-reply@example.com>', 'My App'],
  ])('is that of the sender %s', async (from, name) => {
    expect(await subjectFrom(from)).toBe(`Your ${name} sign-in code`)
  })

  test('is the one that was given', async () => {
    expect(await subjectFrom('Example <no-reply@example.com>', 'Other')).toBe('Your Other sign-in code')
    expect(await subjectFrom('no-reply@example.com', 'Other')).toBe('Your Other sign-in code')
    expect(await subjectFrom('no-reply@example.com', 'A () B')).toBe('Your A () B sign-in code')
  })

  test.each(['no-reply@example.com', '<no-reply@example.com>', 'My "App" <no-reply@example.com>', '', null])(
    'has to be given where the sender %j has none',
    async from => {
      await expect(subjectFrom(from)).rejects.toMatchObject({
        code: 'usage',
        message:
          'Missing required option: --app-name NAME, the name in the mail. The sender of the pool has no name.',
      })
    },
  )
})

describe('the mail', () => {
  test.each<Locale>([...LOCALES])(
    'in %s has the words of the triggers, and the code in its own line',
    locale => {
      const texts = MAIL_TEXTS[locale]
      const { Message, Subject } = mailOf(locale, 'A & B')
      const name = '<bdi>A &amp; B</bdi>'
      expect(Message).toBe(
        `<div dir="${texts.direction}"><p><strong>{####}</strong></p><p>${texts.introduction(name)}</p>` +
          `<p>${texts.keepSecret(name)} ${texts.notYou}</p></div>`,
      )
      const [before, after] = texts.subject('A & B', 'KDQB').split('KDQB')
      expect(after).toMatch(/^[)）]$/)
      expect(`${Subject}|`).toBe(`${before?.replace(/\s*[(（]$/, '')}|`)
    },
  )
})

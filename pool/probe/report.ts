// What the observations of a probe say about the promise: one line for each part of it, with the answers that show it.
import { isDeepStrictEqual } from 'node:util'
import {
  answerText,
  type LoggedCalls,
  type NativeFactorTrace,
  type Observations,
  type ObservedAnswer,
  type ObservedCall,
  outcomeOf,
  type ResendTrace,
  type Trace,
  type WayTrace,
} from './observations.ts'

/** `unknown`: this run could not tell. */
export type Verdict = 'holds' | 'broken' | 'unknown'

export type ReportLine = {
  /** Stable, for machines; docs/probe.md lists them. */
  readonly id: string
  readonly verdict: Verdict
  readonly what: string
  readonly evidence: readonly string[]
}

/** Where a sign-in has got to. */
type Place = 'tokens' | 'factor' | 'set-up' | 'password' | 'passwordless' | 'refused' | 'no-answer'

/** Cognito's own second factors, and the challenge of the triggers. */
const FACTORS = [
  'CUSTOM_CHALLENGE',
  'EMAIL_OTP',
  'SMS_MFA',
  'SMS_OTP',
  'SOFTWARE_TOKEN_MFA',
  'SELECT_MFA_TYPE',
]

/** First factors of USER_AUTH that are no password. */
const PASSWORDLESS = ['EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN']

/**
 * Errors by which a pool refuses a sign-in. Any other says nothing about the pool: the call was throttled, Cognito failed, a
 * right is missing, or this endpoint does not have it.
 */
const REFUSALS = [
  'CodeMismatchException',
  'ExpiredCodeException',
  'ForbiddenException',
  'InvalidLambdaResponseException',
  'InvalidParameterException',
  'MFAMethodNotFoundException',
  'NotAuthorizedException',
  'PasswordResetRequiredException',
  'UnexpectedLambdaException',
  'UserLambdaValidationException',
  'UserNotConfirmedException',
  'UserNotFoundException',
]

function placeOf(answer: ObservedAnswer | undefined): Place {
  if (answer === undefined || answer.kind === 'done') return 'no-answer'
  if (answer.kind === 'tokens') return 'tokens'
  if (answer.kind === 'error') return isRefusal(answer) ? 'refused' : 'no-answer'
  if (FACTORS.includes(answer.name)) return 'factor'
  if (answer.name === 'MFA_SETUP') return 'set-up'
  return answer.available.some(name => PASSWORDLESS.includes(name)) ? 'passwordless' : 'password'
}

/** Not what is about the call instead of the way in: a wrong secret hash, a locked-out user, an operator who was too slow. */
function isRefusal({ name, message }: { readonly name: string; readonly message: string }): boolean {
  return REFUSALS.includes(name) && !/secret.?hash|attempts exceeded|session is expired/i.test(message)
}

/** All lines, in the order of a sign-in. Pure. */
export function probeReport(seen: Observations): ReportLine[] {
  return [
    triggersLine(seen),
    firstSignInLine(seen),
    signInLine(seen),
    withoutPasswordLine(seen),
    wrongPasswordLine(seen),
    unknownUserLine(seen),
    wrongCodeLine(seen),
    usedSessionLine(seen),
    resendLine(seen.resend),
    ...codeLines(seen),
    ...wayLines(seen.ways),
    ...seen.nativeFactors.map(nativeFactorLine),
    ...triggerCallsLine(seen.logged),
  ]
}

/** What a first sign-in by SRP through an app client met right after the new password. */
export type FirstSignInBySrp = {
  readonly clientId: string
  /** The name of a challenge, `tokens`, or the name of an error. */
  readonly afterNewPassword: string
}

/** One for each app client whose first sign-in by SRP got as far as the new password. Pure. */
export function firstSignInsBySrp({ ways }: Pick<Observations, 'ways'>): FirstSignInBySrp[] {
  return ways.flatMap(({ clientId, flow, isFirstSignIn, trace }) => {
    const answer = trace.find(({ call }) => call === 'NEW_PASSWORD_REQUIRED')?.answer
    if (flow !== 'USER_SRP_AUTH' || !isFirstSignIn || answer === undefined) return []
    const hasName = answer.kind === 'challenge' || answer.kind === 'error'
    return [{ clientId, afterNewPassword: hasName ? answer.name : answer.kind }]
  })
}

function triggersLine({ missingTriggers }: Observations): ReportLine {
  const id = 'triggers'
  if (missingTriggers.length === 0)
    return { id, verdict: 'holds', what: 'All four triggers are attached.', evidence: [] }
  const evidence = missingTriggers.map(name => `LambdaConfig.${name} is not set`)
  return isDeepStrictEqual(missingTriggers, ['PreTokenGeneration'])
    ? {
        id,
        verdict: 'unknown',
        what: 'No guard is attached: the lines below say whether this pool needs it.',
        evidence,
      }
    : { id, verdict: 'broken', what: 'Triggers are missing: the pool cannot ask for a code.', evidence }
}

function firstSignInLine({ firstSignIn, signIn }: Observations): ReportLine {
  const evidence = [traceText(firstSignIn)]
  const line = (verdict: Verdict, what: string) => ({ id: 'first-sign-in', verdict, what, evidence })
  const changed = firstSignIn.find(({ call }) => call === 'NEW_PASSWORD_REQUIRED')
  const answer = outcomeOf(firstSignIn)
  const place = placeOf(answer)
  if (place === 'tokens') return line('broken', 'A first sign-in gives tokens without a code.')
  if (place === 'set-up')
    return line(
      'unknown',
      'After the new password the user sets a factor up; whether it counts was not tried.',
    )
  if (place === 'no-answer') return line('unknown', 'The first sign-in got no answer that says something.')
  if (changed === undefined)
    return place === 'factor'
      ? line('unknown', 'The pool asked for no new password, and then for a second factor.')
      : line('broken', 'A user with a temporary password cannot sign in.')
  if (place === 'factor')
    return line('holds', `After the new password the pool asks for ${factorOf(answer)}.`)
  if (!isGuard(answer)) return line('broken', 'A first sign-in breaks off after the new password.')
  evidence.push(`next sign-in: ${traceText(signIn)}`)
  return placeOf(outcomeOf(signIn)) === 'factor'
    ? line(
        'holds',
        'After the new password the guard refuses the tokens, and the next sign-in asks for the code.',
      )
    : line('broken', 'After the new password the guard refuses the tokens, and the next sign-in fails.')
}

/** Pre Token Generation threw: Cognito names the trigger in the text. */
function isGuard(answer: ObservedAnswer | undefined): boolean {
  return (
    answer?.kind === 'error' &&
    answer.name === 'UserLambdaValidationException' &&
    answer.message.includes('PreTokenGeneration')
  )
}

function signInLine({ signIn }: Observations): ReportLine {
  const id = 'sign-in'
  const evidence = [traceText(signIn)]
  const answer = outcomeOf(signIn)
  const hasShownPassword = signIn.some(({ call }) => call === 'PASSWORD_VERIFIER')
  if (placeOf(answer) === 'factor' && !hasShownPassword)
    return { id, verdict: 'broken', what: 'The code is asked for before the password.', evidence }
  switch (placeOf(answer)) {
    case 'factor':
      return {
        id,
        verdict: 'holds',
        what: `After the password the pool asks for ${factorOf(answer)}.`,
        evidence,
      }
    case 'tokens':
      return { id, verdict: 'broken', what: 'The password alone gives tokens.', evidence }
    case 'refused':
      return { id, verdict: 'broken', what: 'The right password does not lead to the code.', evidence }
    default:
      return { id, verdict: 'unknown', what: 'The sign-in did not get to a second factor.', evidence }
  }
}

function withoutPasswordLine({ withoutPassword }: Observations): ReportLine {
  return mustBeRefused('without-password', withoutPassword, {
    holds: 'A sign-in that begins without the password is refused.',
    factor: 'A code is asked of somebody who has shown no password.',
    tokens: 'Tokens are given without a password.',
  })
}

function wrongPasswordLine({ wrongPassword }: Observations): ReportLine {
  return mustBeRefused('wrong-password', wrongPassword[0] ?? [], {
    holds: 'A wrong password is refused.',
    factor: 'A code is asked after a wrong password.',
    tokens: 'A wrong password gives tokens.',
  })
}

function mustBeRefused(
  id: string,
  trace: Trace,
  texts: { readonly holds: string; readonly factor: string; readonly tokens: string },
): ReportLine {
  const evidence = [traceText(trace)]
  switch (placeOf(outcomeOf(trace))) {
    case 'refused':
      return { id, verdict: 'holds', what: texts.holds, evidence }
    case 'tokens':
      return { id, verdict: 'broken', what: texts.tokens, evidence }
    case 'factor':
    case 'set-up':
      return { id, verdict: 'broken', what: texts.factor, evidence }
    default:
      return { id, verdict: 'unknown', what: 'The pool neither refused nor continued.', evidence }
  }
}

/** Compared with a wrong password of the user who exists. */
function unknownUserLine({ wrongPassword, unknownUser }: Observations): ReportLine {
  const id = 'unknown-user'
  const [known = []] = wrongPassword
  const [unknown = [], again = []] = unknownUser
  const evidence = [
    `known user:   ${traceText(known)}`,
    `unknown user: ${traceText(unknown)}`,
    `all times: ${timesText(wrongPassword)} for the known user, ${timesText(unknownUser)} for the unknown one`,
  ]
  if ([known, unknown].some(trace => placeOf(outcomeOf(trace)) === 'no-answer'))
    return { id, verdict: 'unknown', what: 'There is no answer to compare.', evidence }
  const differing = differingAnswers(known, unknown)
  if (differing !== undefined) {
    const what = `An unknown user can be told from a wrong password: ${differing}.`
    return { id, verdict: 'broken', what, evidence }
  }
  return isDeepStrictEqual(stableParameters(unknown), stableParameters(again))
    ? {
        id,
        verdict: 'holds',
        what: 'An unknown user and a wrong password get answers of the same form.',
        evidence,
      }
    : {
        id,
        verdict: 'broken',
        what: 'An unknown user can be told from a known one: SALT or USER_ID_FOR_SRP differs at each try.',
        evidence,
      }
}

function differingAnswers(known: Trace, unknown: Trace): string | undefined {
  if (known.length !== unknown.length) return 'the number of steps differs'
  const index = known.findIndex((step, at) => !isDeepStrictEqual(shapeOf(step), shapeOf(unknown[at])))
  const step = known[index]
  return step && `the answer to ${step.call} differs`
}

/** What an answer shows of a user: everything but the values, and of the user's id its form. */
function shapeOf(step: ObservedCall | undefined) {
  if (step?.answer.kind !== 'challenge') return step?.answer
  const { name, parameters } = step.answer
  const id = parameters['USER_ID_FOR_SRP'] ?? ''
  return { name, keys: Object.keys(parameters).toSorted(), id: id.replace(/[0-9a-f]/g, 'x') }
}

function stableParameters(trace: Trace) {
  const answer = trace[0]?.answer
  if (answer?.kind !== 'challenge') return undefined
  return [answer.parameters['SALT'], answer.parameters['USER_ID_FOR_SRP']]
}

function wrongCodeLine({ wrongCode }: Observations): ReportLine {
  const id = 'wrong-code'
  if (wrongCode === undefined) return notAsked(id)
  const evidence = [traceText([wrongCode])]
  switch (placeOf(wrongCode.answer)) {
    case 'tokens':
      return { id, verdict: 'broken', what: 'A wrong code gives tokens.', evidence }
    case 'factor':
    case 'refused':
      return { id, verdict: 'holds', what: 'A wrong code gives no tokens.', evidence }
    default:
      return { id, verdict: 'unknown', what: 'The answer to a wrong code is inconclusive.', evidence }
  }
}

function usedSessionLine({ usedSession }: Observations): ReportLine {
  const id = 'used-session'
  if (usedSession === undefined) return notAsked(id)
  const evidence = [traceText([usedSession])]
  switch (placeOf(usedSession.answer)) {
    case 'refused':
      return { id, verdict: 'holds', what: 'A session that was answered cannot be answered again.', evidence }
    case 'no-answer':
      return {
        id,
        verdict: 'unknown',
        what: 'The reply to the second answer is inconclusive.',
        evidence,
      }
    default:
      return {
        id,
        verdict: 'broken',
        what: 'A session can be answered twice: codes can be tried at will.',
        evidence,
      }
  }
}

function notAsked(id: string): ReportLine {
  return {
    id,
    verdict: 'unknown',
    what: 'Not tried: the pool did not ask for a code of the triggers.',
    evidence: [],
  }
}

function resendLine(resend: ResendTrace | undefined): ReportLine {
  const id = 'resend'
  if (resend === undefined) return notAsked(id)
  const { before, step, withRightCode } = resend
  const reason = parameter(step.answer, 'reason')
  const left = [before, step.answer].map(answer => parameter(answer, 'attemptsLeft'))
  const evidence = [
    `${traceText([step])}${reason === undefined ? '' : ` with reason ${reason}`}` +
      (left.includes(undefined) ? '' : `, attemptsLeft ${left.join(' -> ')}`),
  ]
  const line = (verdict: Verdict, what: string) => ({ id, verdict, what, evidence })
  const place = placeOf(step.answer)
  if (place === 'tokens')
    return line(
      'broken',
      `A request for a new mail was ${withRightCode ? 'compared with the code' : 'accepted as the code'}.`,
    )
  if (parameter(before, 'challenge') !== 'EMAIL_CODE')
    return line('unknown', 'The code step is not one of this project, which knows no such request.')
  if (place === 'refused') return line('broken', 'A request for a new mail ends the sign-in.')
  if (place !== 'factor')
    return line('unknown', 'The request for a new mail got no answer that says something.')
  if (reason === 'wrong-code')
    return line(
      'unknown',
      'ClientMetadata did not reach Create: no new mail came, and the app has to start over.',
    )
  if (Number(left[1]) < Number(left[0]))
    return line('broken', 'A request for a new mail counts as a wrong code.')
  return line(
    'holds',
    reason === 'resent'
      ? 'ClientMetadata reached Create, and a new mail was sent.'
      : 'ClientMetadata reached Create; no new mail was due.',
  )
}

function codeLines({ code }: Observations): ReportLine[] {
  if (code === undefined || code.trace.length === 0) {
    const what =
      'The code, the refresh and the sign-out were not tried: pass --email ADDRESS, an address that you can read, and type the ' +
      'code of its mail.'
    return [{ id: 'right-code', verdict: 'unknown', what, evidence: [] }]
  }
  const { trace, refresh, signOut, refreshAfterSignOut } = code
  const right = rightCodeLine(trace)
  if (refresh === undefined || signOut === undefined || refreshAfterSignOut === undefined) return [right]
  return [
    right,
    {
      id: 'refresh',
      verdict: refresh.answer.kind === 'tokens' ? 'holds' : 'broken',
      what:
        refresh.answer.kind === 'tokens'
          ? 'The refresh token gives new tokens.'
          : 'The refresh token gives no new tokens: the user signs in again when the first ones expire.',
      evidence: [traceText([refresh])],
    },
    signOutLine(signOut, refreshAfterSignOut),
  ]
}

function rightCodeLine(trace: Trace): ReportLine {
  const id = 'right-code'
  const evidence = [traceText(trace)]
  switch (placeOf(outcomeOf(trace))) {
    case 'tokens':
      return { id, verdict: 'holds', what: 'The code of the mail gives tokens.', evidence }
    case 'no-answer':
      return { id, verdict: 'unknown', what: 'The reply to the typed code is inconclusive.', evidence }
    default:
      return {
        id,
        verdict: 'broken',
        what: 'The code that was typed gives no tokens. If it was mistyped, run probe again.',
        evidence,
      }
  }
}

function signOutLine(signOut: ObservedCall, after: ObservedCall): ReportLine {
  const id = 'global-sign-out'
  const evidence = [traceText([signOut]), `afterwards: ${traceText([after])}`]
  if (after.answer.kind === 'tokens')
    return { id, verdict: 'broken', what: 'A refresh token works after the global sign-out.', evidence }
  return signOut.answer.kind === 'error'
    ? { id, verdict: 'unknown', what: 'The global sign-out was refused.', evidence }
    : { id, verdict: 'holds', what: 'After the global sign-out the refresh token no longer works.', evidence }
}

/** The choice of a first factor comes before the password, so it is not the last answer. */
function placeOfWay(trace: Trace): Place {
  const place = placeOf(outcomeOf(trace))
  if (place === 'tokens') return place
  return trace.some(({ answer }) => placeOf(answer) === 'passwordless') ? 'passwordless' : place
}

/** One line for each app client; the worst of its ways counts. */
function wayLines(ways: readonly WayTrace[]): ReportLine[] {
  const ids = [...new Set(ways.map(({ clientId }) => clientId))]
  return ids.map(clientId => {
    const own = ways.filter(way => way.clientId === clientId)
    const places = own.map(({ trace }) => placeOfWay(trace))
    const name = `${own[0]?.clientName ?? ''} (${clientId})`
    const id = 'other-ways'
    const evidence = own.map(
      ({ isFirstSignIn, trace }) => `${isFirstSignIn ? 'first sign-in: ' : ''}${traceText(trace)}`,
    )
    if (places.includes('tokens'))
      return { id, verdict: 'broken', what: `App client ${name}: the password alone gives tokens.`, evidence }
    if (places.includes('set-up'))
      return {
        id,
        verdict: 'broken',
        what: `App client ${name}: a person with only the password can set up a factor of their own.`,
        evidence,
      }
    if (places.includes('passwordless'))
      return {
        id,
        verdict: 'broken',
        what: `App client ${name}: users can sign in without a password.`,
        evidence,
      }
    return places.every(place => place === 'refused' || place === 'factor')
      ? {
          id,
          verdict: 'holds',
          what: `App client ${name}: no other way gives tokens for the password alone.`,
          evidence,
        }
      : { id, verdict: 'unknown', what: `App client ${name}: not every way could be tried.`, evidence }
  })
}

function nativeFactorLine({ factor, trace }: NativeFactorTrace): ReportLine {
  const evidence = [traceText(trace)]
  const line = (verdict: Verdict, what: string) => ({ id: 'native-factor', verdict, what, evidence })
  const asked = trace.findLast(({ call }) => call === 'PASSWORD_VERIFIER')?.answer
  const after = trace.find(({ call, answer }) => call === factor && answer.kind !== 'error')?.answer
  const place = placeOf(asked)
  if (place === 'tokens') return line('broken', `A user with ${factor} is not asked for it: tokens at once.`)
  if (place !== 'factor') return line('unknown', `The sign-in did not get to ${factor}.`)
  if (after === undefined)
    return line('holds', `A user with ${factor} is asked for ${factorOf(asked)}; what follows was not tried.`)
  const follows = `After ${factor} the pool answers ${answerText(after)}`
  // The triggers take the mailed code in place of their own unless NATIVE_MFA says otherwise; an app's code they do not.
  if (after.kind !== 'tokens' || factor === 'EMAIL_OTP') return line('holds', `${follows}.`)
  return line(
    'unknown',
    `${follows}: right with NATIVE_MFA=accept-any; otherwise the mailed code is skipped.`,
  )
}

function triggerCallsLine(logged: LoggedCalls | undefined): ReportLine[] {
  if (logged === undefined) return []
  const id = 'trigger-calls'
  const { calls, error } = logged
  const evidence = calls.map(({ trigger, session, source }) =>
    session === undefined ? `${trigger} (${source})` : `${trigger} [${session.join(', ')}]`,
  )
  if (error !== undefined)
    return [
      {
        id,
        verdict: 'unknown',
        what: 'The logs could not be read or recorded.',
        evidence: [...evidence, error],
      },
    ]
  return calls.length > 0
    ? [{ id, verdict: 'holds', what: 'The calls of the triggers, in order.', evidence }]
    : [
        {
          id,
          verdict: 'unknown',
          what: 'The logs hold no events of this user. Set RECORD_EVENTS to on for the four functions, and run probe again.',
          evidence,
        },
      ]
}

function factorOf(answer: ObservedAnswer | undefined): string {
  if (answer?.kind !== 'challenge') return 'a second factor'
  return answer.name === 'CUSTOM_CHALLENGE' ? 'the code' : `Cognito's own factor ${answer.name}`
}

function parameter(answer: ObservedAnswer, name: string): string | undefined {
  return answer.kind === 'challenge' ? answer.parameters[name] : undefined
}

/** A sign-in on one line: each call, and what it was answered. */
function traceText(trace: Trace): string {
  const steps = trace.map(({ answer, milliseconds }) => `${answerText(answer)} (${milliseconds} ms)`)
  return [trace[0]?.call ?? 'not tried', ...steps].join(' -> ')
}

function timesText(traces: readonly Trace[]): string {
  return `${traces.map(trace => trace.map(({ milliseconds }) => milliseconds).join('+')).join(', ')} ms`
}

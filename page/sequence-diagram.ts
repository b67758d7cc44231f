// The panel "What happened": requests and trigger calls as arrows between browser, Cognito, triggers and mailbox.
import { byId, make, setText } from './elements.ts'
import { at, type Call, textAt } from './local-user-pool.ts'
import type { Texts } from './texts.ts'

const LANES = ['browser', 'pool', 'triggers', 'mailbox'] as const
type Lane = (typeof LANES)[number]

/** So many of the newest requests are kept and shown. */
const MOST_REQUESTS = 40

/** One arrow. `key` stays the same while the call that it stands for goes on. */
interface Arrow {
  readonly key: string
  readonly from: Lane
  readonly to: Lane
  readonly words: string
  readonly name: string
  readonly note: string
  readonly tone: 'plain' | 'good' | 'bad'
  readonly detail: unknown
}

/** A request with the calls of triggers that it caused, and what is drawn of them. */
interface Group {
  readonly number: number
  readonly calls: Map<number, Call>
  readonly item: HTMLLIElement
  readonly list: HTMLOListElement
  readonly drawn: Map<string, { readonly item: HTMLLIElement; readonly content: string }>
  /** Something of it has changed since it was drawn. */
  changed: boolean
  /** Reference of the newest mail after this request. */
  reference: string
}

export interface SequenceDiagram {
  /** Takes calls in, old ones changed or new ones. */
  add(calls: readonly Call[]): void
  /** Shows only what comes from now on. */
  begin(): void
  /** Shows what came since the last sign-in began. */
  showLastSignIn(): void
  render(texts: Texts): void
}

export function createSequenceDiagram(): SequenceDiagram {
  const list = byId('calls', HTMLOListElement)
  const empty = byId('no-calls', HTMLParagraphElement)
  const cut = byId('calls-cut', HTMLParagraphElement)
  /** By the number of the request, in order. */
  let groups: readonly Group[] = []
  let firstNumber = 1
  let lastNumber = 0
  let dropped = false
  let drawnIn: Texts | undefined

  return {
    add: calls => {
      for (const call of calls) {
        lastNumber = Math.max(lastNumber, call.number)
        const group = groupFor(call)
        if (group === undefined) continue
        group.calls.set(call.number, call)
        group.changed = true
        if (groups.length > MOST_REQUESTS) {
          dropped = true
          keep(groups.slice(-MOST_REQUESTS))
        }
      }
    },
    begin: () => {
      firstNumber = lastNumber + 1
      dropped = false
      keep([])
    },
    showLastSignIn: () => {
      const first = groups.findLast(({ number, calls }) => calls.get(number)?.name === 'InitiateAuth')
      if (first === undefined) return
      firstNumber = first.number
      dropped = false
      keep(groups.filter(({ number }) => number >= firstNumber))
    },
    render: texts => {
      const all = texts !== drawnIn
      drawnIn = texts
      let reference = ''
      for (const [index, group] of groups.entries()) {
        if (list.children[index] !== group.item) list.insertBefore(group.item, list.children[index] ?? null)
        if (all || group.changed) drawGroup(group, reference, texts)
        reference = group.reference
      }
      empty.hidden = groups.length > 0
      cut.hidden = !dropped
      setText(cut, texts.onlyNewest(MOST_REQUESTS))
    },
  }

  function groupFor(call: Call): Group | undefined {
    const number = call.kind === 'request' ? call.number : (call.requestNumber ?? 0)
    const oldest = dropped ? (groups[0]?.number ?? firstNumber) : firstNumber
    const administration = call.kind === 'request' && call.name.startsWith('Admin')
    if (number < oldest || administration) return undefined
    const found = groups.findLast(group => group.number === number)
    if (found) return found
    const inner = make('ol')
    const group: Group = {
      number,
      calls: new Map(),
      item: make('li', {}, inner),
      list: inner,
      drawn: new Map(),
      changed: true,
      reference: '',
    }
    groups = [...groups, group].sort((a, b) => a.number - b.number)
    return group
  }

  function keep(kept: readonly Group[]): void {
    for (const { item, number } of groups) {
      if (!kept.some(group => group.number === number)) item.remove()
    }
    groups = kept
  }
}

/** Draws the arrows that are new or other than before; what a person has opened stays open. */
function drawGroup(group: Group, referenceBefore: string, texts: Texts): void {
  const { arrows, reference } = arrowsOf(group, referenceBefore, texts)
  for (const [index, arrow] of arrows.entries()) {
    const content = JSON.stringify(arrow)
    const before = group.drawn.get(arrow.key)
    if (before?.content === content && group.list.children[index] === before.item) continue
    const item = draw(arrow, before?.item.querySelector('details')?.open ?? false)
    if (before) before.item.replaceWith(item)
    else group.list.insertBefore(item, group.list.children[index] ?? null)
    group.drawn.set(arrow.key, { item, content })
  }
  group.changed = false
  group.reference = reference
}

function arrowsOf(
  { number, calls }: Group,
  referenceBefore: string,
  texts: Texts,
): { readonly arrows: readonly Arrow[]; readonly reference: string } {
  const request = calls.get(number)
  if (request === undefined) return { arrows: [], reference: referenceBefore }
  let reference = referenceBefore
  const triggers = [...calls.values()]
    .filter(({ kind }) => kind === 'trigger')
    .sort((a, b) => a.number - b.number)
    .flatMap(trigger => {
      const arrows = triggerArrows(trigger, reference, texts)
      reference = referenceIn(trigger.answer) || reference
      return arrows
    })
  const answered = request.durationMs === undefined ? [] : answerArrows(request, texts)
  return { arrows: [requestArrow(request, texts), ...triggers, ...answered], reference }
}

function requestArrow(request: Call, texts: Texts): Arrow {
  const challenge = textAt(request.input, 'ChallengeName')
  const resend = textAt(request.input, 'ClientMetadata', 'action') === 'resend'
  const what = texts.callNames[resend ? 'resend' : challenge] ?? challenge
  const words = texts.callNames[request.name] ?? request.name
  return {
    key: `${request.number} asked`,
    from: 'browser',
    to: 'pool',
    words: what === '' ? words : texts.labelled(words, what),
    name: `${request.name} ${challenge || textAt(request.input, 'AuthFlow')}`.trim(),
    note: request.durationMs === undefined ? texts.running : '',
    tone: 'plain',
    detail: request.input,
  }
}

function answerArrows(request: Call, texts: Texts): readonly Arrow[] {
  const challenge = textAt(request.answer, 'ChallengeName')
  const tokens = at(request.answer, 'AuthenticationResult') !== undefined
  const meaning = tokens ? 'tokens' : challenge || 'done'
  const reply = request.error ?? texts.replies[meaning] ?? meaning
  const answer: Arrow = {
    key: `${request.number} answered`,
    from: 'pool',
    to: 'browser',
    words: request.answerLost ? texts.answered(reply, texts.lostOnTheWay) : reply,
    name: tokens ? 'AuthenticationResult' : challenge,
    note: texts.takes(request.durationMs ?? 0),
    tone: request.error !== undefined || request.answerLost ? 'bad' : tokens ? 'good' : 'plain',
    detail: request.error ?? request.answer,
  }
  if (challenge !== 'EMAIL_OTP') return [answer]
  const parameters = at(request.answer, 'ChallengeParameters')
  return [mailArrow({ call: request, from: 'pool', name: '', detail: parameters }, texts), answer]
}

/** A mail with a code, of the triggers or of Cognito itself. */
function mailArrow(
  { call, from, name, detail }: { call: Call } & Pick<Arrow, 'from' | 'name' | 'detail'>,
  texts: Texts,
): Arrow {
  const key = `${call.number} mail`
  return { key, from, to: 'mailbox', words: texts.mailSent, name, note: '', tone: 'plain', detail }
}

/** A mail whose code Cognito never learned of. */
function lateMailArrow(call: Call, texts: Texts): Arrow {
  const name = referenceIn(call.lateAnswer)
  const arrow = mailArrow({ call, from: 'triggers', name, detail: parametersIn(call.lateAnswer) }, texts)
  return { ...arrow, words: texts.answered(texts.mailSent, texts.tooLate), tone: 'bad' }
}

function triggerArrows(call: Call, lastReference: string, texts: Texts): readonly Arrow[] {
  const question = texts.callNames[call.name] ?? call.name
  const { meaning, tone } = meaningOf(call)
  const seconds = /^No answer within (\d+) s$/.exec(meaning)?.[1]
  const answer = seconds === undefined ? (texts.answers[meaning] ?? meaning) : texts.noAnswerWithin(seconds)
  const trigger: Arrow = {
    key: `${call.number} trigger`,
    from: 'pool',
    to: 'triggers',
    words: answer === '' ? question : texts.answered(question, answer),
    name: call.name,
    note: [
      call.attempt > 1 ? texts.attempt(call.attempt) : '',
      call.durationMs === undefined ? texts.running : texts.takes(call.durationMs),
    ]
      .filter(note => note !== '')
      .join(' · '),
    tone,
    detail: call.error ?? at(call.answer, 'response') ?? call.input,
  }
  if (sendsMail(call.lateAnswer, lastReference)) return [trigger, lateMailArrow(call, texts)]
  if (!sendsMail(call.answer, lastReference)) return [trigger]
  const name = referenceIn(call.answer)
  return [trigger, mailArrow({ call, from: 'triggers', name, detail: parametersIn(call.answer) }, texts)]
}

function meaningOf(call: Call): { meaning: string; tone: Arrow['tone'] } {
  if (call.error !== undefined) return { meaning: call.error, tone: 'bad' }
  if (call.durationMs === undefined) return { meaning: '', tone: 'plain' }
  const response = at(call.answer, 'response')
  switch (call.name) {
    case 'DefineAuthChallenge':
      if (at(response, 'issueTokens') === true) return { meaning: 'tokens', tone: 'good' }
      if (at(response, 'failAuthentication') === true) return { meaning: 'refused', tone: 'bad' }
      return { meaning: textAt(response, 'challengeName'), tone: 'plain' }
    case 'CreateAuthChallenge':
      return { meaning: textAt(response, 'publicChallengeParameters', 'reason'), tone: 'plain' }
    case 'VerifyAuthChallengeResponse':
      return at(response, 'answerCorrect') === true
        ? { meaning: 'yes', tone: 'good' }
        : { meaning: asksAgain(call) ? 'asks-again' : 'no', tone: 'plain' }
    default:
      return { meaning: 'yes', tone: 'good' }
  }
}

/** A reference that is another than that of the round before stands for a mail. */
function sendsMail(answer: unknown, lastReference: string): boolean {
  return !['', lastReference].includes(referenceIn(answer))
}

function referenceIn(answer: unknown): string {
  return textAt(parametersIn(answer), 'reference')
}

function parametersIn(answer: unknown): unknown {
  return at(answer, 'response', 'publicChallengeParameters')
}

function asksAgain(call: Call): boolean {
  return textAt(call.input, 'request', 'clientMetadata', 'action') === 'resend'
}

/** A long name breaks between its words. */
function breakable(name: string): readonly (string | Node)[] {
  const words = name.split(/(?<=[a-z])(?=[A-Z])|(?<=_)/)
  return words.flatMap((word, index) => (index === 0 ? [word] : [make('wbr'), word]))
}

function draw(arrow: Arrow, open: boolean): HTMLLIElement {
  const from = LANES.indexOf(arrow.from)
  const to = LANES.indexOf(arrow.to)
  const summary = make(
    'summary',
    {},
    make('span', { class: 'words' }, arrow.words),
    ' ',
    // An operation without words of its own shows its name once.
    make('code', { lang: 'en' }, ...(arrow.name === arrow.words ? [] : breakable(arrow.name))),
    ' ',
    make('span', { class: 'note' }, arrow.note),
    make('span', { class: 'arrow', 'aria-hidden': 'true' }),
  )
  const detail = make('pre', { tabindex: '0' }, JSON.stringify(arrow.detail, null, 2) ?? '')
  return make(
    'li',
    {
      class: `${arrow.tone} ${from < to ? 'forward' : 'back'}`,
      style: `--lane: ${Math.min(from, to)}; --span: ${Math.abs(to - from)}`,
    },
    make('details', open ? { open: '' } : {}, summary, detail),
  )
}

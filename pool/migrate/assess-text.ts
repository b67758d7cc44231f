// The report of assess as text for a terminal and as Markdown.
import { coloured, type Style, type Terminal, wrapped } from '../../command/terminal.ts'
import type { AssessLevel, AssessLine, Assessment } from './assess.ts'
import { type CostItem, totalOf } from './assess-cost.ts'
import type { PlanPhase } from './assess-plan.ts'

const LEVEL_STYLE: Record<AssessLevel, Style> = { blocker: 'red', warning: 'yellow', same: 'green' }
const LEVELS: readonly AssessLevel[] = ['blocker', 'warning', 'same']

export const VERDICTS: Record<Assessment['fits'], string> = {
  blocked: 'Not yet: blockers must be removed before anyone is moved.',
  'with-warnings': 'Possible. Read the warnings first: they name what is lost or uncertain.',
  yes: 'Native e-mail MFA can replace the triggers on this pool.',
}

/** The lines with the worst first. */
export function sortedLines({ lines }: Assessment): AssessLine[] {
  return lines.toSorted((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level))
}

export function dollars(value: number): string {
  return `$${value.toFixed(2)}`
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function durationText(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (seconds < 60) return `${seconds} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function movingText({ users }: Assessment): string {
  const { estimated, looked, movable, perSecond, seconds } = users
  return `About ${movable} of ${estimated ?? looked} users can be moved; at ${perSecond} per second that takes ${durationText(seconds)}.`
}

export function assessmentText(terminal: Terminal, assessment: Assessment): string {
  const { userPoolId, poolName, fits, plan, cost, next } = assessment
  const width = Math.max(60, Math.min(terminal.stdout.columns ?? 100, 120))
  const indent = ' '.repeat(10)
  const put = (label: string, text: string) =>
    `${indent}${label}${wrapped(text, width, indent + ' '.repeat(label.length))}`
  const lines = sortedLines(assessment).map(({ id, level, custom, native, todo, source }) =>
    [
      `${coloured(terminal, LEVEL_STYLE[level], level.padEnd(8))}  ${coloured(terminal, 'bold', id)}`,
      put('triggers: ', custom),
      put('native:   ', native),
      ...(todo === undefined ? [] : [put('do:       ', todo)]),
      coloured(terminal, 'dim', put('source:   ', source)),
    ].join('\n'),
  )
  const phases = plan.map(({ date, name, what, commands, peopleSee, text }) =>
    [
      `${date}  ${coloured(terminal, 'bold', name)}`,
      put('', what),
      put('people see: ', peopleSee),
      ...(text === undefined ? [] : [put('text:     ', text)]),
      ...commands.map(command => `${indent}${command}`),
    ].join('\n'),
  )
  return `${[
    `User pool ${userPoolId} (${poolName})`,
    coloured(terminal, fits === 'blocked' ? 'red' : fits === 'yes' ? 'green' : 'yellow', VERDICTS[fits]),
    ...lines,
    `Cost per month: ${dollars(totalOf(cost.custom))} with the triggers, ${dollars(totalOf(cost.native))} with native e-mail MFA; moving costs ${dollars(totalOf(cost.once))} once.`,
    cost.assumptions.map(text => `  ${wrapped(text, width, '  ')}`).join('\n'),
    movingText(assessment),
    ...phases,
    `Next: ${wrapped(next.why, width, '')}\n${next.command}`,
  ].join('\n\n')}\n`
}

export function assessmentMarkdown(assessment: Assessment): string {
  const { userPoolId, poolName, fits, plan, cost, next } = assessment
  return [
    `# Native e-mail MFA for ${cell(poolName)} (${userPoolId})`,
    `**${VERDICTS[fits]}**`,
    '## Both ways, line by line',
    table(
      ['level', 'line', 'with the triggers', 'with the native factor', 'what to do', 'source'],
      sortedLines(assessment).map(({ level, id, custom, native, todo, source }) => [
        level,
        id,
        custom,
        native,
        todo ?? '',
        source,
      ]),
    ),
    '## Cost a month',
    table(
      ['', 'dollars'],
      [
        ...costRows('triggers', cost.custom),
        ...costRows('native', cost.native),
        ...costRows('once, for moving', cost.once),
      ],
    ),
    cost.assumptions.map(text => `- ${text}`).join('\n'),
    '## Users',
    movingText(assessment),
    '## Plan',
    ...plan.map(phaseMarkdown),
    '## Next',
    `${next.why}\n\n\`\`\`sh\n${next.command}\n\`\`\``,
    '',
  ].join('\n\n')
}

function phaseMarkdown({ date, name, what, commands, peopleSee, text }: PlanPhase): string {
  return [
    `### ${date}: ${name}`,
    what,
    `People see: ${peopleSee}`,
    ...(text === undefined ? [] : [`> ${cell(text)}`]),
    `\`\`\`sh\n${commands.join('\n')}\n\`\`\``,
  ].join('\n\n')
}

function costRows(way: string, items: readonly CostItem[]): string[][] {
  return [
    ...items.map(({ name, dollars: amount }) => [`${way}: ${name}`, dollars(amount)]),
    [`**${way}**`, `**${dollars(totalOf(items))}**`],
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [row(head), `|${head.map(() => '---|').join('')}`, ...rows.map(row)].join('\n')
}

/** Text from outside inside Markdown: no new cell, no tag, no line of its own. */
function cell(text: string): string {
  return text.replace(/[|<>`[\]\\]/g, '\\$&').replace(/\s+/g, ' ')
}

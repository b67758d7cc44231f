// The report of assess as one HTML file that needs no other: styles and charts are inside, and nothing is loaded.
import type { Assessment } from './assess.ts'
import { type CostItem, totalOf } from './assess-cost.ts'
import { PLAN_PRICES, PRICES, type Price } from './assess-prices.ts'
import { dollars, movingText, sortedLines, VERDICTS } from './assess-text.ts'

const STYLE = `
:root { color-scheme: light dark; --line: #d0d7de; --muted: #59636e; --blocker: #c4151c; --warning: #8a5300; --same: #116329; --accent: #0b5fff }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --muted: #9198a1; --blocker: #ff7b72; --warning: #e3b341; --same: #56d364; --accent: #6ea8ff } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top }
.blocker { color: var(--blocker) } .warning { color: var(--warning) } .same { color: var(--same) }
.source, figcaption, .muted { color: var(--muted); font-size: .85rem; overflow-wrap: anywhere }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem }
blockquote { border-left: .25rem solid var(--accent); margin-left: 0; padding-left: 1rem }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif } svg text { fill: currentColor }
.scroll { overflow-x: auto }
`

const COLORS = ['#0b5fff', '#2da44e', '#bf8700', '#8250df', '#cf222e']

export function assessmentHtml(assessment: Assessment): string {
  const { userPoolId, poolName, fits, cost, plan, next } = assessment
  const rows = sortedLines(assessment).map(
    ({ level, id, custom, native, todo, source }) =>
      `<tr><td class="${level}"><strong>${level}</strong></td><th scope="row">${id}</th><td>${html(custom)}</td><td>${html(native)}` +
      `${todo === undefined ? '' : `<p><strong>Do:</strong> ${html(todo)}</p>`}<p class="source">${html(source)}</p></td></tr>`,
  )
  const phases = plan.map(
    ({ date, name, what, commands, peopleSee, text }) =>
      `<h3>${date}: ${name}</h3><p>${html(what)}</p><p><strong>People see:</strong> ${html(peopleSee)}</p>` +
      `${text === undefined ? '' : `<blockquote>${html(text)}</blockquote>`}<pre>${html(commands.join('\n'))}</pre>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Native e-mail MFA for ${html(poolName)}</title>
<style>${STYLE}</style>
<h1>Native e-mail MFA for ${html(poolName)}</h1>
<p class="muted">${html(userPoolId)}</p>
<p class="${fits === 'blocked' ? 'blocker' : fits === 'yes' ? 'same' : 'warning'}"><strong>${VERDICTS[fits]}</strong></p>
<h2>Both ways, line by line</h2>
<div class="scroll"><table><thead><tr><th>Level</th><th>Line</th><th>With the triggers</th><th>With the native factor</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<h2>Cost a month</h2>
${costChart([
  ['Triggers', cost.custom],
  ['Native', cost.native],
  ['Once, for moving', cost.once],
])}
<ul>${cost.assumptions.map(text => `<li>${html(text)}</li>`).join('')}</ul>
<details><summary>Prices</summary><table>${priceRows()}</table></details>
<h2>Users</h2>
<p>${html(movingText(assessment))}</p>
${usersChart(assessment)}
<h2>Plan</h2>
${planChart(assessment)}
${phases.join('\n')}
<h2>Next</h2>
<p>${html(next.why)}</p>
<pre>${html(next.command)}</pre>
</html>
`
}

/** One stacked bar for each way, on one scale. */
function costChart(ways: readonly (readonly [string, readonly CostItem[]])[]): string {
  const most = Math.max(...ways.map(([, items]) => totalOf(items)), 0.01)
  const bars = ways.flatMap(([name, items], row) => {
    let x = 140
    const parts = items.map(({ name: what, dollars: amount }, index) => {
      const width = (amount / most) * 480
      const part = `<rect x="${x.toFixed(1)}" y="${row * 40 + 6}" width="${width.toFixed(1)}" height="24" fill="${COLORS[index % COLORS.length]}"><title>${html(what)}: ${dollars(amount)}</title></rect>`
      x += width
      return part
    })
    return [
      `<text x="0" y="${row * 40 + 23}">${html(name)}</text>`,
      ...parts,
      `<text x="${(x + 8).toFixed(1)}" y="${row * 40 + 23}">${dollars(totalOf(items))}</text>`,
    ]
  })
  const details = ways.map(
    ([name, items]) => `${name}: ${items.map(it => `${it.name} ${dollars(it.dollars)}`).join(', ')}`,
  )
  return figure('Cost of both ways', 720, ways.length * 40, bars, `${details.join('. ')}.`)
}

/** One bar of the users who were looked at. */
function usersChart({ users }: Assessment): string {
  const { looked, withoutAddress, unverified } = users
  const groups: readonly (readonly [string, number, string])[] = [
    ['can be moved', looked - withoutAddress - unverified, '#2da44e'],
    ['unverified address', unverified, '#bf8700'],
    ['no address', withoutAddress, '#cf222e'],
  ]
  let x = 0
  const parts = groups.map(([, count, color]) => {
    const width = looked === 0 ? 0 : (count / looked) * 720
    const part = `<rect x="${x.toFixed(1)}" y="4" width="${width.toFixed(1)}" height="24" fill="${color}"/>`
    x += width
    return part
  })
  return figure(
    'Users who were looked at',
    720,
    32,
    parts,
    groups.map(([name, count]) => `${count} ${name}`).join(', '),
  )
}

/** The steps on a line of days. */
function planChart({ plan }: Assessment): string {
  const days = plan.map(({ date }) => Date.parse(date) / 86_400_000)
  const first = Math.min(...days)
  const span = Math.max(Math.max(...days) - first, 1)
  const marks = plan.flatMap(({ date, name }, index) => {
    // The first and the last name stand on both sides of their days, too.
    const x = 60 + (((days[index] ?? first) - first) / span) * 600
    const y = index % 2 === 0 ? 22 : 78
    return [
      `<circle cx="${x.toFixed(1)}" cy="46" r="6" fill="#0b5fff"><title>${date}: ${name}</title></circle>`,
      `<text x="${x.toFixed(1)}" y="${y}" text-anchor="middle">${date.slice(5)} ${name}</text>`,
    ]
  })
  const line = '<line x1="60" y1="46" x2="660" y2="46" stroke="currentColor" stroke-width="2"/>'
  return figure('Plan', 720, 92, [line, ...marks], plan.map(({ date, name }) => `${date} ${name}`).join(', '))
}

function figure(
  name: string,
  width: number,
  height: number,
  parts: readonly string[],
  caption: string,
): string {
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${html(name)}">${parts.join('')}</svg><figcaption>${html(caption)}</figcaption></figure>`
}

function priceRows(): string {
  const prices: readonly (readonly [string, Price])[] = [
    ...Object.entries(PLAN_PRICES).flatMap(([plan, { steps }]) =>
      steps.map(({ price }): [string, Price] => [plan, price]),
    ),
    ...Object.entries(PRICES),
  ]
  return prices
    .map(
      ([name, { dollars: amount, per, date, source, verified }]) =>
        `<tr><td>${html(name)}</td><td>$${amount} per ${html(per)}</td><td>${date}${verified ? '' : ', not verified'}</td><td class="source">${html(source)}</td></tr>`,
    )
    .join('')
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

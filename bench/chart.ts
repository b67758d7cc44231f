// Draws a bar chart as SVG, readable on a light and on a dark page.

export type Bar = {
  readonly label: string
  readonly value: number
  /** Drawn in the colour of this project. */
  readonly isOwn: boolean
}

const [WIDTH, LABELS, VALUES, ROW, TOP] = [760, 330, 70, 28, 58] as const

/** @param unit after each value, and in the title */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const space = WIDTH - LABELS - VALUES
  const rows = bars.map(({ label, value, isOwn }, index) => {
    const y = TOP + index * ROW
    const width = Math.max(1, (value / longest) * space).toFixed(1)
    const digits = longest < 10 ? 1 : 0
    return `<text class="label" x="${LABELS - 10}" y="${y + 15}">${escaped(label)}</text>
<rect class="${isOwn ? 'own' : 'other'}" x="${LABELS}" y="${y}" width="${width}" height="20" rx="2"/>
<text x="${(LABELS + Number(width) + 8).toFixed(1)}" y="${y + 15}">${value.toFixed(digits)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + bars.length * ROW}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">
<style>
text { fill: #1f2328 } .label { text-anchor: end } .own { fill: #0a7d5a } .other { fill: #9aa4af }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .own { fill: #3fb68b } .other { fill: #6b7683 } }
</style>
<text x="10" y="22" font-size="15" font-weight="600">${escaped(title)}</text>
<text x="10" y="42">${escaped(unit)}</text>
${rows.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

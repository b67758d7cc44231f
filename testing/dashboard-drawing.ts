// Draws the layout of a CloudWatch dashboard as an SVG: where each widget stands, its title, and what its lines are called.
import { isJsonObject, type Json, member, stringAt } from '../command/json.ts'

/** One column of CloudWatch's grid of 24, and one row. */
const COLUMN = 44
const ROW = 26
const COLORS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728']

export type DashboardWidget = {
  readonly title: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** The metrics by name, and what the legend calls them; a SEARCH has one line for each value of a dimension. */
  readonly series: readonly { readonly metric: string; readonly namespace: string; readonly label: string }[]
}

/** @param body of an AWS::CloudWatch::Dashboard, resolved */
export function dashboardWidgets(body: string): DashboardWidget[] {
  const parsed: Json = JSON.parse(body)
  return list(member(parsed, 'widgets')).map(widget => ({
    title: stringAt(widget, 'properties', 'title') ?? '',
    x: Number(member(widget, 'x')),
    y: Number(member(widget, 'y')),
    width: Number(member(widget, 'width')),
    height: Number(member(widget, 'height')),
    series: list(member(widget, 'properties', 'metrics')).flatMap(seriesOf),
  }))
}

function seriesOf(metric: Json): DashboardWidget['series'] {
  const parts = list(metric)
  const options = parts.find(isJsonObject) ?? null
  const [namespace = null, name = null] = parts
  const expression = stringAt(options, 'expression') ?? ''
  const label = stringAt(options, 'label') ?? ''
  const search = /\{([^,}]+),(\w+)\} MetricName="(\w+)"/.exec(expression)
  if (search !== null) {
    const [, from = '', dimension = '', found = ''] = search
    return [{ namespace: from, metric: found, label: `one line for each ${dimension.toLowerCase()}` }]
  }
  if (typeof namespace !== 'string' || typeof name !== 'string') return [{ namespace: '', metric: '', label }]
  return [{ namespace, metric: name, label: member(options, 'visible') === false ? '' : label }]
}

export function dashboardDrawing(body: string): string {
  const widgets = dashboardWidgets(body)
  const height = Math.max(...widgets.map(({ y, height: its }) => y + its)) * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${24 * COLUMN} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="Layout of the dashboard">
<rect width="100%" height="100%" fill="#f2f3f3"/>
${widgets.map(drawn).join('\n')}
</svg>
`
}

function drawn({ title, x, y, width, height, series }: DashboardWidget): string {
  const left = x * COLUMN + 4
  const top = y * ROW + 4
  const right = width * COLUMN - 8
  const lines = series
    .filter(({ label }) => label !== '')
    .map(({ label }, index) => {
      const row = top + 52 + index * 20
      return (
        `<rect x="${left + 12}" y="${row - 9}" width="14" height="4" fill="${COLORS[index % COLORS.length]}"/>` +
        `<text x="${left + 34}" y="${row}" font-size="13" fill="#414d5c">${escaped(label)}</text>`
      )
    })
  return (
    `<rect x="${left}" y="${top}" width="${right}" height="${height * ROW - 8}" rx="6" fill="#fff" stroke="#b6bec9"/>` +
    `<text x="${left + 12}" y="${top + 24}" font-size="14" font-weight="600" fill="#0f141a">${escaped(title)}</text>${lines.join('')}`
  )
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)
}

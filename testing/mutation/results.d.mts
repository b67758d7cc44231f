// The types of results.mjs that a test needs.
type Figures = {
  readonly made: number
  readonly noticed: number
  readonly explained: number
  readonly date: string
}
type Evidence = Readonly<Record<string, Readonly<Record<string, Figures>>>>

export function withFigures(
  evidence: Evidence,
  room: string,
  report: { readonly files: Readonly<Record<string, object>> },
  isRun: (name: string) => boolean,
  date: string,
): Evidence

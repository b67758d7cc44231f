// The titles of the tests in a file, as its source has them: for documents that name tests.

/** Titles of `test`, `describe` and their `each`, whose title may have placeholders. */
export function titlesIn(source: string): string[] {
  return [...source.matchAll(/\b(?:test|describe)(?:\.each\(.*?\))?\(\s*(['"`])(.*?)\1,/gs)].map(
    ([, , title = '']) => title,
  )
}

/** Whether a test has this title. The value of `%s` has to be a text in the same file, that of `$name` a member `name`. */
export function hasTest(source: string, title: string): boolean {
  return titlesIn(source).some(template => {
    const members = [...template.matchAll(/%s|\$(\w+)/g)].map(([, name]) => (name ? `${name}: ` : ''))
    const texts = template.split(/%s|\$\w+/)
    const values = new RegExp(`^${texts.map(escaped).join('(.+)')}$`).exec(title)?.slice(1)
    const isThere = (value: string, index: number) =>
      [`${members[index]}'${value}'`, `${members[index]}"${value}"`].some(text => source.includes(text))
    return values?.every(isThere) === true
  })
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

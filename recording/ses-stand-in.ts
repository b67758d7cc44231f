// Plays what SES can do to a sender (refusals, throttling, outages, broken connections), for tests; keeps what it accepts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readSentMail, type SentMail } from './raw-mail.ts'

/** How the next request is answered. An error is one of SES's own, with its code, message and HTTP status. */
export type SesAnswer =
  | 'accept'
  | 'reset'
  /** The connection breaks some time after the request: SES may have carried it out. */
  | 'late-reset'
  | 'half-answer'
  | 'half-answer-that-hangs'
  | 'never'
  | { readonly acceptAfterMilliseconds: number }
  | { readonly code: string; readonly message?: string; readonly status?: number }

export type SesRequest = {
  /** The region the request was signed for. */
  readonly region: string
  readonly parameters: URLSearchParams
  readonly accepted: boolean
}

/** Starts the stand-in on a free port of the loopback interface. Set `AWS_ENDPOINT_URL_SES` to its `url`. */
export async function startSesStandIn() {
  const requests: SesRequest[] = []
  let answerFor: (region: string, index: number) => SesAnswer = () => 'accept'

  const server = createServer(async (request, response) => {
    const body = await readBody(request)
    const region = /Credential=[^/]*\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const answer = answerFor(region, requests.length)
    const accepted =
      answer === 'accept' || (typeof answer === 'object' && 'acceptAfterMilliseconds' in answer)
    requests.push({ region, parameters: new URLSearchParams(body), accepted })
    give(answer, request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The SES stand-in has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    /** Answers from now on as told; a function chooses by region and by the number of earlier requests. */
    answerWith(answer: SesAnswer | ((region: string, index: number) => SesAnswer)): void {
      requests.length = 0
      answerFor = typeof answer === 'function' ? answer : () => answer
    },
    /** The mails accepted since the last `answerWith`. */
    mails(): SentMail[] {
      return requests.filter(({ accepted }) => accepted).map(({ parameters }) => readSentMail(parameters))
    },
    /** Ends all kept connections, as SES does after a while. */
    dropConnections(): void {
      server.closeAllConnections()
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export type SesStandIn = Awaited<ReturnType<typeof startSesStandIn>>

function give(answer: SesAnswer, request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'never') return
  if (answer === 'reset') {
    request.socket.destroy()
    return
  }
  if (answer === 'late-reset') {
    setTimeout(() => request.socket.destroy(), 150)
    return
  }
  if (answer === 'accept') {
    const result = '<SendRawEmailResult><MessageId>0100-example</MessageId></SendRawEmailResult>'
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.end(
      `<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">${result}</SendRawEmailResponse>`,
    )
    return
  }
  if (typeof answer === 'object' && 'acceptAfterMilliseconds' in answer) {
    setTimeout(() => give('accept', request, response), answer.acceptAfterMilliseconds)
    return
  }
  if (typeof answer === 'object') {
    const { code, message = code, status = 400 } = answer
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`
    response.writeHead(status, { 'content-type': 'text/xml' })
    response.end(`<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">${error}</ErrorResponse>`)
    return
  }
  response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '500' })
  response.write('<SendRawEmailResponse>')
  if (answer === 'half-answer') setTimeout(() => request.socket.destroy(), 20)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

import { Dispatcher } from 'undici';
import { type Call, isFields } from '#local/simulators/openbao/calls.ts';
import { perform } from '#local/simulators/openbao/router.ts';
import { makeSite } from '#local/simulators/openbao/server.ts';
import type { Site } from '#local/simulators/openbao/site.ts';

const OPERATIONS: Readonly<Record<string, Call['operation']>> = {
  GET: 'read',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const callOf = ({ method, path, headers, body }: Dispatcher.DispatchOptions): Call => {
  const { pathname, searchParams: query } = new URL(path, 'https://in.process');
  const kind = (['list', 'scan'] as const).find((each) => query.get(each) === 'true');
  const fields: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
  const token: unknown = Object(headers)['X-Vault-Token'];
  return {
    operation: kind ?? OPERATIONS[method] ?? 'read',
    path: decodeURIComponent(pathname).slice('/v1/'.length),
    query,
    namespace: '',
    token: typeof token === 'string' ? token : undefined,
    fields: isFields(fields) ? fields : undefined,
  };
};

/** Calls of the OpenBao simulator without a network, for tests that make thousands. */
class InProcess extends Dispatcher {
  readonly #site: Site;

  constructor(site: Site) {
    super();
    this.#site = site;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#serve(options, handler);
    return true;
  }

  override async destroy(): Promise<void> {}

  async #serve(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      abort: () => {},
      pause: () => {},
      resume: () => {},
    };
    handler.onRequestStart?.(controller, {});
    const { status, body } = await perform(this.#site, callOf(options));
    const date = new Date(this.#site.now()).toUTCString();
    handler.onResponseStart?.(controller, status, { date, 'content-type': 'application/json' }, '');
    if (body !== undefined) handler.onResponseData?.(controller, Buffer.from(JSON.stringify(body)));
    handler.onResponseEnd?.(controller, {});
  }
}

/** OpenBao in this process. */
export const openBaoInProcess = () => {
  const site = makeSite({});
  return {
    url: 'https://in.process',
    dispatcher: new InProcess(site),
    rootToken: site.rootToken,
    close: async () => {},
  };
};

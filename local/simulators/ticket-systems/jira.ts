import { type DeskCall, type DeskOptions, type DeskReply, type DeskServer, startDesk } from './server.ts';

/**
 * The issues of Jira, and the comments of its service projects. Dates have an offset without a colon. Source:
 * tickets-and-rotation.md 2.2 and 4.
 */

interface JiraComment {
  readonly text: string;
  /** True if customers of the service project see it. */
  readonly isPublic: boolean;
}

export interface JiraSimulator extends DeskServer {
  /** Creates or changes an issue, as a person does. `updated` in the form of Jira. */
  set(key: string, fields: Readonly<Record<string, unknown>> & { readonly updated: string }): void;
  comments(key: string): readonly JiraComment[];
}

export interface JiraOptions extends DeskOptions {
  /** False for a project that is not a service project. */
  readonly hasServiceProject?: boolean;
}

const MISSING: DeskReply = {
  status: 404,
  body: { errorMessages: ['Issue does not exist or you do not have permission to see it.'], errors: {} },
};

/** Starts a site. The caller must close it. */
export const startJira = async ({ hasServiceProject = true, ...options }: JiraOptions): Promise<JiraSimulator> => {
  const issues = new Map<string, Readonly<Record<string, unknown>>>();
  const comments = new Map<string, JiraComment[]>();

  const add = (key: string, body: unknown, isPublic: boolean): DeskReply => {
    if (!issues.has(key)) return MISSING;
    const text = Object(body).body;
    if (typeof text !== 'string' || text === '') return { status: 400 };
    comments.set(key, [...(comments.get(key) ?? []), { text, isPublic }]);
    return { status: 201, body: { id: '1' } };
  };
  const server = await startDesk(options, ({ method, path, body }: DeskCall) => {
    const [, key = '', comment] = /^\/rest\/api\/2\/issue\/([\w-]+)(\/comment)?$/.exec(path) ?? [];
    if (key !== '' && comment !== undefined && method === 'POST') return add(key, body, true);
    if (key !== '' && comment === undefined && method === 'GET') {
      const fields = issues.get(key);
      return fields === undefined ? MISSING : { status: 200, body: { id: '10001', key, fields } };
    }
    const [, request] = /^\/rest\/servicedeskapi\/request\/([\w-]+)\/comment$/.exec(path) ?? [];
    if (request === undefined || method !== 'POST' || !hasServiceProject) return MISSING;
    return add(request, body, Object(body).public !== false);
  });
  return {
    ...server,
    set: (key, fields) => void issues.set(key, { ...issues.get(key), ...fields }),
    comments: (key) => comments.get(key) ?? [],
  };
};

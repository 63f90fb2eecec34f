import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import * as z from 'zod';

const HOME = resolve(import.meta.dirname, '../mcp-client');
const INSTALL_TIMEOUT_MS = 300_000;

const toolsSchema = z.object({ tools: z.array(z.looseObject({ name: z.string() })) });
const resultSchema = z.object({
  isError: z.boolean().default(false),
  content: z.tuple([z.object({ type: z.literal('text'), text: z.string() })]),
});

/** The settings of the vendor's MCP server, and the CA that it trusts. */
interface McpSettings {
  readonly BW_API_BASE_URL: string;
  readonly BW_IDENTITY_URL: string;
  readonly BW_CLIENT_ID: string;
  readonly BW_CLIENT_SECRET: string;
  readonly NODE_EXTRA_CA_CERTS: string;
}

/** The vendor's MCP server, as a client of the Model Context Protocol sees it. */
export interface McpClient {
  /** Names of all tools. */
  tools(): Promise<readonly string[]>;
  /** Calls a tool. @returns its text, also if it reports an error */
  call(tool: string, args?: object): Promise<{ readonly isError: boolean; readonly text: string }>;
  close(): Promise<void>;
}

/** Installs the packages of `package-lock.json`. @throws if npm cannot: no test is skipped for a missing package */
export const installMcpClient = async (): Promise<void> => {
  const options = { cwd: HOME, timeout: INSTALL_TIMEOUT_MS };
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options);
};

/** Starts the server with a client. Calls run one at a time. The caller must close it. */
export const startMcpClient = (settings: McpSettings): McpClient => {
  const client = spawn(process.execPath, [join(HOME, 'client.mjs')], {
    env: { ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(client, 'exit');
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  const ask = async (call: object): Promise<unknown> => {
    client.stdin.write(`${JSON.stringify(call)}\n`);
    const { done, value } = await lines.next();
    if (done === true) throw new Error('The client of the MCP server ended before it answered.');
    return JSON.parse(value);
  };
  return {
    tools: async () => toolsSchema.parse(await ask({})).tools.map(({ name }) => name),
    async call(name, args = {}) {
      const { isError, content } = resultSchema.parse(await ask({ name, arguments: args }));
      return { isError, text: content[0].text };
    },
    async close() {
      client.stdin.end();
      expect(await ended).toEqual([0, null]);
    },
  };
};

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/**
 * Starts the vendor's MCP server over stdio and calls its tools: reads a call per line as JSON, and prints the result
 * of each as a line. The server gets the settings of this process, without which it would call the vendor's cloud.
 */
const { BW_API_BASE_URL, BW_IDENTITY_URL, BW_CLIENT_ID, BW_CLIENT_SECRET, NODE_EXTRA_CA_CERTS } = process.env;
const server = createRequire(import.meta.url).resolve('@bitwarden/mcp-server/dist/index.js');
const client = new Client({ name: 'pam-relay-mcp-client', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [server],
    env: { BW_API_BASE_URL, BW_IDENTITY_URL, BW_CLIENT_ID, BW_CLIENT_SECRET, NODE_EXTRA_CA_CERTS },
    stderr: 'ignore',
  }),
);
try {
  for await (const line of createInterface({ input: process.stdin })) {
    const call = JSON.parse(line);
    const result = call.name === undefined ? await client.listTools() : await client.callTool(call);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
} finally {
  await client.close();
}

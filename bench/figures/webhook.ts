import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createWebhook } from '#functions/intake/webhook/webhook.ts';
import { bundleStep } from '#infra/bundle.ts';
import { loadConfig } from '#shared/config/load.ts';
import { Secret } from '#shared/secret.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { bundleBareFunction } from '../bare-bundle.ts';
import { type Measured, median, spread } from '../figure.ts';
import { sampleImports } from '../imports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = join(ROOT, 'examples/webhooks.yaml');
/** A route of that file, which verifies Standard Webhooks. */
const ROUTE = 'servicenow';
const BODY_BYTES = 20 * 1024;
const REQUESTS = 500;
/** Requests before the measurement, in which V8 compiles the code. */
const WARM_UP = 100;
const IMPORTS = 15;
const BARE = 'bare';
const STEP = ticketSteps.webhook;

const KEY_BYTES = Buffer.alloc(32, 'bench');

/** A request as API Gateway passes it on, with a signed body of {@link BODY_BYTES}. */
const signedRequest = (number: number) => {
  const id = `msg_${number}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const start = JSON.stringify({ number: `CHG${number}`, description: '' }).slice(0, -2);
  const body = `${start}${'x'.repeat(BODY_BYTES - start.length - 2)}"}`;
  const signature = createHmac('sha256', KEY_BYTES).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    routeKey: `POST /${ROUTE}`,
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    body,
    isBase64Encoded: false,
  };
};

/** Milliseconds of CPU time of this process that each verified request takes, without the queue. */
const measureRequests = async (): Promise<readonly number[]> => {
  let sent = 0;
  const handle = createWebhook({
    webhooks: loadConfig(CONFIG).webhooks,
    readKeys: async () => ({
      form: 'text',
      value: new Secret(JSON.stringify({ keys: [`whsec_${KEY_BYTES.toString('base64')}`] })),
      versionId: '1',
    }),
    send: async (message) => {
      // As the real one does. The queue takes text.
      if (JSON.stringify(message).length > BODY_BYTES) sent += 1;
    },
    measure: async () => {},
    onFailure: (_route, error) => {
      throw error;
    },
    now: Date.now,
  });
  const samples: number[] = [];
  for (let number = 0; number < WARM_UP + REQUESTS; number++) {
    const request = signedRequest(number);
    const before = process.cpuUsage();
    const { statusCode } = await handle(request);
    const { user, system } = process.cpuUsage(before);
    if (statusCode !== 202) throw new Error(`The webhook answered ${statusCode}.`);
    samples.push((user + system) / 1000);
  }
  if (sent !== samples.length) throw new Error(`The queue received ${sent} of ${samples.length} messages.`);
  return samples.slice(WARM_UP);
};

/** Bundles the function and the bare function. Returns the size that a cold start reads of each, and import times. */
const measureBundles = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-bench-'));
  try {
    const name = functionName(STEP);
    const [own, bare] = [join(directory, name), join(directory, BARE)];
    await mkdir(own);
    await writeFile(join(own, 'relay.json'), JSON.stringify(loadConfig(CONFIG)));
    const { entryBytes } = await bundleStep(join(ROOT, 'functions', STEP.folder, 'handler.ts'), own);
    const { metafile } = await bundleBareFunction(bare);
    const bareBytes = Object.values(metafile.outputs).reduce((bytes, output) => bytes + output.bytes, 0);
    const imports = await sampleImports(
      new Map([
        [BARE, bare],
        [name, own],
      ]),
      IMPORTS,
    );
    const timesOf = (which: string) => (imports.get(which) ?? []).map(({ importMs }) => importMs);
    return { entryBytes, bareBytes, ownMs: timesOf(name), bareMs: timesOf(BARE) };
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** Measures the own work of the webhook function: the CPU time of a request, its bundle, and its cold import. */
export const measureWebhook = async (): Promise<Measured> => {
  const cpuMs = await measureRequests();
  const { entryBytes, bareBytes, ownMs, bareMs } = await measureBundles();
  return {
    figures: [
      {
        name: 'CPU time of the webhook function for a signed body of 20 KiB, without the queue',
        value: median(cpuMs),
        unit: 'ms',
        target: { atMost: 2 },
        kind: 'measure',
      },
      {
        name: 'size of the bundle that a cold start of the webhook function reads, against a bare function',
        value: entryBytes / bareBytes,
        unit: 'times',
        target: { atMost: 0.7 },
        kind: 'count',
      },
      {
        name: 'cold import of the webhook function against a bare function',
        value: median(ownMs) / median(bareMs),
        unit: 'times',
        target: { atMost: 1.3 },
        kind: 'measure',
      },
    ],
    notes: [
      `${spread(cpuMs, ' ms')} for each of ${REQUESTS} requests by Standard Webhooks, with a fresh signature each.`,
      `The cold start reads ${Math.round(entryBytes / 1024)} KiB; a bare function in one plain bundle has ${Math.round(bareBytes / 1024)} KiB.`,
      `Cold import ${spread(ownMs, ' ms')}; of the bare function ${spread(bareMs, ' ms')}; ${IMPORTS} new processes each, in turn.`,
    ],
  };
};

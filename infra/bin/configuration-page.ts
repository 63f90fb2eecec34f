import { readFileSync, writeFileSync } from 'node:fs';
import { placeSettings } from '#infra/configuration-page.ts';
import { buildJsonSchema } from '#shared/config/json-schema.ts';

/** Writes the tables of relay.yaml settings into their page. Run it with `npm run schema`. */
const PAGE = new URL('../../docs/configuration.md', import.meta.url);

writeFileSync(PAGE, placeSettings(readFileSync(PAGE, 'utf8'), buildJsonSchema()));

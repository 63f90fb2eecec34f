import { describe } from 'vitest';
import { LOCAL_STORES } from '#local/stores.ts';
import { describeLeaks } from '#test/support/leaks.ts';

describe('after a failure during a delivery to every store', () => describeLeaks(LOCAL_STORES));

import { describe } from 'vitest';
import { describeLeaks } from '#test/support/leaks.ts';

describe('after a failure during a delivery', () => describeLeaks(['aws']));

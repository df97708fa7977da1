import { openaiCompatible } from '../adapters/model/openai-compatible.ts';

export const open = openaiCompatible;

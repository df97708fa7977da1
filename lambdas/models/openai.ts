import { openai } from '../adapters/model/openai.ts';

export const open = openai;

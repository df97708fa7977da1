import { bedrock } from '../adapters/model/bedrock.ts';

export const open = bedrock;

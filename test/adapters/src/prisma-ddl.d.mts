export function prismaDdl(schema: string): Promise<string>;

import { naturalKey } from "@sync/core";

export const bothModels = { Country: { match: naturalKey("code") }, City: { match: naturalKey("code") } } as const;

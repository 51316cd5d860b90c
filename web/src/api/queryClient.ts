import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";
import { meQuery } from "./queries";

/** How often a question is asked again when the server may only be busy. */
const retries = 2;

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

/**
 * The cache of everything that was asked. When any answer says that nobody is
 * signed in, "me" is asked again, and with it the sign-in page appears.
 */
export function newQueryClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const isMe = query.queryKey[0] === meQuery.queryKey[0];
        if (error.status === 401 && !isMe) void client.resetQueries({ queryKey: meQuery.queryKey });
      },
    }),
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < retries && error.passing,
        refetchOnWindowFocus: false,
        // The server is on this machine or beside it: being off the internet says nothing.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}

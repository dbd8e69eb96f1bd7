vcl 4.1;

import std;

# Your own servers that fill from this one: their requests are no viewers and bill nothing.
acl cdn_internal {
    "192.0.2.0"/24;
}

sub vcl_deliver {
    std.log("cdn-edge:" + server.identity);
    std.log("cdn-request-id:" + server.identity + "-" + req.xid + "-" + std.time2integer(now, 0));
    if (client.ip ~ cdn_internal) {
        std.log("cdn-internal:1");
    }
}

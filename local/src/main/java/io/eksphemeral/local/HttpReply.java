package io.eksphemeral.local;

import java.util.Map;

/** What a request is answered with. */
record HttpReply(int status, Map<String, String> headers, String body) {}

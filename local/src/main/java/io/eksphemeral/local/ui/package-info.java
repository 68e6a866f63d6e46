/** The page to look at: a proxy on loopback between a browser and the API of a control plane. */
@NullMarked
package io.eksphemeral.local.ui;

import org.jspecify.annotations.NullMarked;

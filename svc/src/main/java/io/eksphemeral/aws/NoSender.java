package io.eksphemeral.aws;

import io.eksphemeral.control.Mailer;

/** The mailer of an installation that was given no address to send from: nobody is mailed. */
public final class NoSender implements Mailer {
  @Override
  public Delivery send(Mail mail) {
    return new Delivery.Failed("no address to send from was given at the install");
  }
}

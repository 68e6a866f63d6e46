package io.eksphemeral.control;

import java.util.ArrayList;
import java.util.List;

/** A {@link Mailer} that keeps its mails. */
public final class MemoryMailer implements Mailer {
  private final List<Mail> delivered = new ArrayList<>();
  private boolean down;
  private Runnable meanwhile = () -> {};

  @Override
  public Delivery send(Mail mail) {
    meanwhile.run();
    return deliver(mail);
  }

  /** Runs something while a mail is being sent. */
  public void whileSending(Runnable happens) {
    meanwhile = happens;
  }

  private synchronized Delivery deliver(Mail mail) {
    if (down) {
      return new Delivery.Failed("the mail server is down");
    }
    delivered.add(mail);
    return new Delivery.Sent();
  }

  public synchronized List<Mail> delivered() {
    return List.copyOf(delivered);
  }

  public synchronized void setDown(boolean down) {
    this.down = down;
  }
}

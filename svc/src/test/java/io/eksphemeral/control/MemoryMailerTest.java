package io.eksphemeral.control;

import io.eksphemeral.control.Mailer.Mail;
import java.util.List;

final class MemoryMailerTest extends MailerContract {
  private final MemoryMailer mailer = new MemoryMailer();

  @Override
  protected Mailer mailer() {
    return mailer;
  }

  @Override
  protected List<Mail> delivered() {
    return mailer.delivered();
  }

  @Override
  protected void breakDown() {
    mailer.setDown(true);
  }
}

package io.eksphemeral.simulation;

import io.eksphemeral.simulation.Network.Call;
import io.eksphemeral.simulation.Network.Service;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.ses.model.SendEmailRequest;
import software.amazon.awssdk.services.ses.model.SendEmailResponse;

/** SES, for one process. */
final class SimulatedSes implements SesClient {
  private static final SendEmailResponse SENT =
      SendEmailResponse.builder().messageId("sent").build();

  private final InvariantChecker invariants;
  private final Network network;
  private final SimulatedProcess process;

  SimulatedSes(InvariantChecker invariants, Network network, SimulatedProcess process) {
    this.invariants = invariants;
    this.network = network;
    this.process = process;
  }

  @Override
  public SendEmailResponse sendEmail(SendEmailRequest request) {
    String subject = request.message().subject().data();
    String body = request.message().body().text().data();
    Runnable tried = () -> invariants.mailTried(subject, body, process.invocation());
    return network.call(
        process,
        new Call(Service.SES, subject, _ -> true, tried),
        () -> {
          invariants.mailSent(request.destination().toAddresses().getFirst(), body);
          return SENT;
        });
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {}
}

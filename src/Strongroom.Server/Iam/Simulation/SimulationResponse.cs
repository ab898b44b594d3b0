using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Source: IAM model, SimulatePolicyResponse; IAM fact sheet 6.6.</summary>
internal sealed record SimulationResponse(Page<SimulationResult> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("EvaluationResults", Page.Items, Write);
        Page.WriteEnd(writer);
    }

    private static void Write(XmlWriter writer, SimulationResult result)
    {
        var isSpecific = result.Resource != "*";
        writer.WriteElementString("EvalActionName", result.Action);
        writer.WriteElementString("EvalResourceName", result.Resource);
        writer.WriteElementString("EvalDecision", Word(result.Decision));
        WriteMatched(writer, result);
        WriteMissing(writer, result);
        writer.WriteStartElement("OrganizationsDecisionDetail");
        writer.WriteBool("AllowedByOrganizations", true);
        writer.WriteEndElement();
        WriteBoundary(writer, result);
        // Source: IAM API Reference, EvaluationResult: inside an account present and empty when a resource is named, else absent.
        if (isSpecific || result.Sides is not null)
            WriteSides(writer, result.Sides);
        if (!isSpecific)
            return;
        writer.WriteList("ResourceSpecificResults", [result], static (inner, only) =>
        {
            inner.WriteElementString("EvalResourceName", only.Resource);
            inner.WriteElementString("EvalResourceDecision", Word(only.Decision));
            WriteMatched(inner, only);
            WriteMissing(inner, only);
            if (only.Sides is { } sides)
                WriteSides(inner, sides);
            WriteBoundary(inner, only);
        });
    }

    // The statements that decided: of several kinds only those of the decision's. Source: IAM API Reference, MatchedStatements.
    private static void WriteMatched(XmlWriter writer, SimulationResult result)
    {
        var matched = result.Trace.Matched.Where(statement => result.Decision.Outcome switch
        {
            Outcome.ExplicitDeny => statement.Effect == PolicyEffect.Deny,
            Outcome.Allowed => statement.Effect == PolicyEffect.Allow && statement.Kind is not (DecidingPolicy.Boundary or DecidingPolicy.Session),
            _ => false,
        });
        writer.WriteList("MatchedStatements", matched, static (inner, statement) =>
        {
            inner.WriteElementString("SourcePolicyId", statement.Source?.Name ?? "ResourcePolicy");
            inner.WriteElementString("SourcePolicyType", statement.Source is null ? "Resource Policy" : "IAM Policy");
            WritePosition(inner, "StartPosition", statement.Span.StartLine, statement.Span.StartColumn);
            WritePosition(inner, "EndPosition", statement.Span.EndLine, statement.Span.EndColumn);
        });
    }

    private static void WritePosition(XmlWriter writer, string name, int line, int column)
    {
        writer.WriteStartElement(name);
        writer.WriteNumber("Line", line);
        writer.WriteNumber("Column", column);
        writer.WriteEndElement();
    }

    // A key that a policy writes with an escaped control character can be matched, but not shown.
    private static void WriteMissing(XmlWriter writer, SimulationResult result) =>
        writer.WriteStrings("MissingContextValues", result.Trace.MissingKeys.Where(XmlParts.CanHold));

    private static void WriteBoundary(XmlWriter writer, SimulationResult result)
    {
        if (!result.HasBoundary)
            return;
        var statements = result.Trace.Matched.Where(statement => statement.Kind == DecidingPolicy.Boundary).ToList();
        writer.WriteStartElement("PermissionsBoundaryDecisionDetail");
        writer.WriteBool("AllowedByPermissionsBoundary", statements.Count > 0 && statements.TrueForAll(statement => statement.Effect == PolicyEffect.Allow));
        writer.WriteEndElement();
    }

    // A map in the Query protocol. Chosen: AWS documents that there is an entry for each type of policy, but not what the types are called.
    private static void WriteSides(XmlWriter writer, (Outcome Caller, Outcome Resource)? sides)
    {
        writer.WriteStartElement("EvalDecisionDetails");
        if (sides is var (caller, resource))
        {
            WriteEntry(writer, "IAM Policies", caller);
            WriteEntry(writer, "Resource Policies", resource);
        }

        writer.WriteEndElement();
    }

    private static void WriteEntry(XmlWriter writer, string key, Outcome value)
    {
        writer.WriteStartElement("entry");
        writer.WriteElementString("key", key);
        writer.WriteElementString("value", Word(value));
        writer.WriteEndElement();
    }

    private static string Word(Decision decision) => Word(decision.Outcome);

    private static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Allowed => "allowed",
        Outcome.ExplicitDeny => "explicitDeny",
        _ => "implicitDeny",
    };
}
